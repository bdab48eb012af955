"""The door of IonQ's API, version 0.4: https://docs.ionq.com/api-reference/v0.4."""
