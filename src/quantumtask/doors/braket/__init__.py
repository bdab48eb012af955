"""The door of Amazon Braket: https://docs.aws.amazon.com/braket/latest/APIReference."""
