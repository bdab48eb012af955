"""The environment variables of the clients of each door."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Variables = Mapping[str, str]

_IBM_SERVICE = "crn:v1:bluemix:public:quantum-computing"
"""The first part of the name of an instance."""


@dataclass(frozen=True)
class ClientVariables:
    """The variables that lead the clients of a door to a service.

    Attributes:
        of_service: Returns name -> value for the address of a service and a token.
        optional: Names that a client reads before another name; a client works without them, too.
        any_value: Names that a client needs, with any value.
        in_dotenv: Names that a client reads from a file `.env` before all variables.
    """

    of_service: Callable[[str, str], Variables]
    optional: frozenset[str] = frozenset()
    any_value: frozenset[str] = frozenset()
    in_dotenv: frozenset[str] = frozenset()


def _ionq(url: str, token: str) -> Variables:
    """Return the variables of qiskit-ionq, and of cirq-ionq, which appends /v0.4 to the host.

    Each client reads names with its own prefix first. They must not lead to IonQ, either.
    """
    return {
        "IONQ_API_URL": f"{url}/v0.4",
        "QISKIT_IONQ_API_URL": f"{url}/v0.4",
        "IONQ_REMOTE_HOST": url,
        "CIRQ_IONQ_REMOTE_HOST": url,
        "IONQ_API_KEY": token,
        "QISKIT_IONQ_API_TOKEN": token,
        "CIRQ_IONQ_API_KEY": token,
    }


def _qbraid(url: str, token: str) -> Variables:
    """Return the variables of qBraid's client, which prefers a saved key and an access token."""
    return {
        "QBRAID_API_URL": f"{url}/qbraid/api/v1",
        "QBRAID_API_KEY": token,
        "QBRAID_ACCESS_TOKEN": "",
        "QBRAID_CONFIG_FILE": os.devnull,
    }


def _braket(url: str, token: str) -> Variables:
    return {
        "AWS_ENDPOINT_URL": f"{url}/aws",
        "AWS_ENDPOINT_URL_BRAKET": f"{url}/aws",  # these have precedence, if they are set
        "AWS_ENDPOINT_URL_S3": f"{url}/aws",
        "AWS_ENDPOINT_URL_STS": f"{url}/aws",
        "BRAKET_ENDPOINT": f"{url}/aws",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",  # boto3 reads this one
        "AWS_ACCESS_KEY_ID": "quantumtask",  # a client signs with both, and needs some
        "AWS_SECRET_ACCESS_KEY": "quantumtask",
        "AWS_SESSION_TOKEN": token,
    }


def _ibm(url: str, token: str) -> Variables:
    """Return the variables of qiskit-ibm-runtime, and of the clients of IBM Cloud that it uses.

    Those read a file `ibm-credentials.env` first, unless a variable names another one. The last
    variable would skip the search for the instance.
    """
    root = f"{url}/ibm"
    return {
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_URL": f"{root}/experimental",
        "QISKIT_IBM_TOKEN": token,
        "QISKIT_IBM_INSTANCE": f"{_IBM_SERVICE}:us-east:a/quantumtask:local::",
        "IAM_URL": f"{root}/iam",
        "GLOBAL_SEARCH_URL": f"{root}/gs",
        "GLOBAL_CATALOG_URL": f"{root}/gc",
        "IBM_CREDENTIALS_FILE": os.devnull,
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "",
    }


CLIENT_VARIABLES: dict[str, ClientVariables] = {
    "ionq": ClientVariables(
        _ionq,
        optional=frozenset({
            "QISKIT_IONQ_API_URL", "CIRQ_IONQ_REMOTE_HOST", "QISKIT_IONQ_API_TOKEN",
            "CIRQ_IONQ_API_KEY",
        }),
        in_dotenv=frozenset({
            "IONQ_API_URL", "QISKIT_IONQ_API_URL", "IONQ_API_KEY", "IONQ_API_TOKEN",
            "QISKIT_IONQ_API_TOKEN",
        }),
    ),
    "qbraid": ClientVariables(_qbraid, optional=frozenset({"QBRAID_ACCESS_TOKEN"})),
    "braket": ClientVariables(
        _braket,
        optional=frozenset({
            "AWS_ENDPOINT_URL_BRAKET", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS",
            "BRAKET_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_REGION",
        }),
        any_value=frozenset({
            "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        }),
    ),
    "ibm": ClientVariables(
        _ibm,
        optional=frozenset({
            "QISKIT_IBM_CHANNEL", "IBM_CREDENTIALS_FILE", "QISKIT_FUNCTIONS_EXPERIMENTAL",
        }),
    ),
}  # fmt: skip
"""For each door the variables of its clients."""
