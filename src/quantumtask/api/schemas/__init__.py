"""Request and response models, and the examples of the OpenAPI document."""
