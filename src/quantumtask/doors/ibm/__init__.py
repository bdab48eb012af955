"""The door of IBM Qiskit Runtime, and of IAM, Global Search and Global Catalog of IBM Cloud."""
