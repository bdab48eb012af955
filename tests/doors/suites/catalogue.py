"""The suites that `make test-doors` runs, by name."""

from tests.doors.suites.suite import ArchiveSources, Change, IndexSources, Suite
from tests.support.source_releases import QISKIT, Release

IBM = Release(
    "qiskit-ibm-runtime",
    "0.51.0",
    "sha256:8873224137d4eb0e2187813252bc5e84ce73dfce7f17c954d25d51c74a6b4827",
    ("test",),
)
MITIQ = Release(
    "mitiq",
    "1.1.0",
    "sha256:4db99d4667bd7f606e59f3715ecfccc37992ed146d1c8d373023405ff9ee38f0",
    ("mitiq",),
)

QBRAID = Release(
    "qbraid",
    "0.13.0",
    "sha256:f44f2a29c53fd1b3962582b54085464a5ca8028ccb94059041d44bfe1193f9f7",
    ("tests",),
)
QBRAID_FILES = {
    "tests/runtime/native/test_ionq_runtime_remote.py": "ionq:ionq:sim:simulator",
    "tests/runtime/native/test_qir_simulator_remote.py": "qbraid:qbraid:sim:qir-sv",
}
"""Files of qBraid's tests, and the device of each."""
IBM_INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/quantumtask:local::"

BRAKET = "amazon-braket-sdk==1.127.5"
AWS_FILES = {
    ".aws/config": "[default]\nregion=us-east-1\n",
    ".aws/credentials": "[default]\naws_access_key_id=any\naws_secret_access_key=any\n"
    "aws_session_token=local\n",
}
"""A profile, because the tests of Braket name one, and no variable has an effect then."""
BRAKET_ARCHIVE = ArchiveSources(
    "BRAKET_SOURCES", "the source archive of amazon-braket-sdk-python", "test/integ_tests"
)
_JOB = '@pytest.fixture(scope="session"{})\ndef {}_quantum_job('

IBM_FILES = (
    "sampler_v2", "estimator_v2", "results", "session", "retrieve_job", "job", "ibm_job",
    "ibm_job_attributes", "backend", "backend_serialization", "executor", "executor_sampler",
    "executor_estimator",
)  # fmt: skip
IBM_DEVICE = "fake_sherbrooke"
"""A device of 127 qubits, as those of the tests' own environment."""

MITIQ_FOLDERS = ("zne", "executor", "observable", "raw", "ddd", "rem", "lre")

QISKIT_FILES = ("sampler", "estimator")
_OWN_BACKENDS = """    _BackendFactory("basic_simulator", _basic_simulator),
    _BackendFactory("generic_backend_v2", _generic_backend_v2),
"""
_DOOR_BACKENDS = """    _BackendFactory("door", __import__("door_backend").create_backend),
"""


def _primitives(client: str, version: str, door: str) -> Suite:
    """Return Qiskit's tests of its primitives, with the backend of a client."""
    files = [f"test/python/primitives/test_backend_{name}_v2.py" for name in QISKIT_FILES]
    return Suite(
        client,
        f"{client} {version}",
        door,
        (f"{client}=={version}", f"qiskit=={QISKIT.version}", "qiskit-aer>=0.17", "ddt>=1.7"),
        (*files, "-k", "_1"),  # the variants of the first backend
        IndexSources(QISKIT),
        changes=tuple(
            Change(file, _OWN_BACKENDS, _DOOR_BACKENDS, "the backend of the client")
            for file in files
        ),
        variables={"DOOR_BACKEND": door},
    )


def _ibm_journey(version: str) -> Suite:
    """Return our programs for IBM Qiskit Runtime, with a version of its client."""
    return Suite(
        f"ibm-{version.rpartition('.')[0]}",
        f"qiskit-ibm-runtime {version}",
        "ibm",
        (f"qiskit-ibm-runtime=={version}", f"qiskit=={QISKIT.version}", "qiskit-aer>=0.17"),
        ("plugins/ibm_journey.py",),
        variables={"QISKIT_IBM_QPU": IBM_DEVICE},
    )


IBM_VERSIONS = ("0.51.0", "0.50.0", "0.49.0")
"""The newest version of the client, and the two minor versions before it."""

_SUITES = (
    Suite(
        "ibm",
        "qiskit-ibm-runtime 0.51.0",
        "ibm",
        ("qiskit-ibm-runtime==0.51.0", "qiskit-aer>=0.17", "simplejson"),
        tuple(f"test/integration/test_{name}.py" for name in IBM_FILES),
        IndexSources(IBM),
        changes=(
            Change(
                "test/integration/conftest.py",
                'backend.name.startswith("test_eagle")',
                f'backend.name == "{IBM_DEVICE}"',
                "the device of most tests, which IBM's test environment has under that name",
            ),
        ),
        variables={"QISKIT_IBM_QPU": IBM_DEVICE},
    ),
    *map(_ibm_journey, IBM_VERSIONS),
    Suite(
        "braket",
        "amazon-braket-sdk 1.127.5",
        "braket",
        (BRAKET,),
        (
            "-n1",  # the fixtures of the tests need a process of pytest-xdist
            "test/integ_tests/test_simulator_quantum_task.py",
            "test/integ_tests/test_density_matrix_simulator.py",
            "test/integ_tests/test_measure.py",
        ),
        BRAKET_ARCHIVE,
        changes=tuple(
            Change(
                "test/integ_tests/conftest.py",
                _JOB.format(", autouse=True", name),
                _JOB.format("", name),
                "a hybrid job, which none of these tests uses",
            )
            for name in ("completed", "failed")
        ),
        files=AWS_FILES,
        variables={"AWS_PROFILE": "default"},
    ),
    Suite(
        "braket-examples",
        "amazon-braket-sdk 1.127.5",
        "braket",
        (BRAKET,),
        ("plugins/braket_examples.py",),
        BRAKET_ARCHIVE,
        folders=("examples",),
    ),
    Suite(
        "braket-pennylane",
        "braket-pennylane-plugin 1.36.1",
        "braket",
        (
            "pennylane==0.45.1", "amazon-braket-pennylane-plugin==1.36.1", BRAKET,
            "jax>=0.7,<0.8", "pytest-mock>=3.15", "flaky>=3.8",
        ),
        ("--device", "braket.aws.qubit", "--shots", "None", "--skip-ops", "-p",
         "pennylane_on_braket"),
        command="pl-device-test",
    ),
    _primitives("qiskit-braket-provider", "0.27.1", "braket"),
    _primitives("qiskit-ionq", "1.1.1", "ionq"),
    Suite(
        "mitiq",
        "mitiq 1.1.0 on amazon-braket-sdk",
        "braket",
        ("mitiq[cirq,qiskit,pyquil,braket,pennylane,qibo]==1.1.0",),
        ("-p", "mitiq_on_braket", *(f"mitiq/{name}/tests" for name in MITIQ_FOLDERS)),
        IndexSources(MITIQ),
        folders=("mitiq",),
    ),
    Suite(
        "qbraid",
        "qbraid 0.13.0",
        "qbraid",
        ("qbraid[qiskit]==0.13.0", "pyqir>=0.12"),
        (*QBRAID_FILES, "--remote=true"),
        IndexSources(QBRAID),
        folders=("tests",),
        changes=tuple(
            Change(file, f'"{name}"', '"quantumtask:quantumtask:sim:simulator"', "our simulator")
            for file, name in QBRAID_FILES.items()
        ),
    ),
    Suite(
        "pytket",
        "pytket-qiskit 0.79.0",
        "ibm",
        ("pytket-qiskit==0.79.0", "hypothesis>=6.130", "requests-mock>=1.12"),
        ("-p", "remote_tests", "tests/backend_test.py"),
        ArchiveSources("PYTKET_SOURCES", "the source archive of pytket-qiskit", "tests"),
        folders=("tests",),
        changes=tuple(
            Change(f"tests/{name}.py", '"ibm_aachen"', '"fake_aachen"', "our snapshot of it")
            for name in ("conftest", "backend_test")
        ),
        variables={
            "PYTKET_RUN_REMOTE_TESTS": "1",
            "PYTKET_REMOTE_IBM_CLOUD_INSTANCE": IBM_INSTANCE,
            "PYTKET_REMOTE_IBM_CLOUD_TOKEN": "local",
        },
    ),
)  # fmt: skip

SUITES = {suite.name: suite for suite in _SUITES}
