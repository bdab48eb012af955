"""The files that a cluster is made of agree with the code, with each other, and with Kubernetes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import kubernetes_validate
import psycopg
import pytest
import yaml

from quantumtask.shared.settings import Settings, environment_variable, load_settings
from quantumtask.shared.worker_store import WorkerStore
from tests.support import postgres
from tests.support.containers import compose_command

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
VERSIONS = ("1.34", "1.37")
"""The oldest that the manifests are for, and the newest that the validator knows."""
IMAGES = {"quantumtask-api", "quantumtask-worker", "quantumtask-ray"}
SETTINGS = {environment_variable(setting) for setting in fields(Settings)}

Json = dict[str, Any]


def documents(path: Path) -> list[Json]:
    return [each for each in yaml.load_all(path.read_text(), yaml.CSafeLoader) if each]


def merged(one: Any, other: Any) -> Any:
    """A patch laid over what it patches: lists of named things are joined by name."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {k: merged(one.get(k), v) for k, v in other.items()} | {
            k: v for k, v in one.items() if k not in other
        }
    if isinstance(one, list) and isinstance(other, list) and all("name" in x for x in one + other):
        by_name = {each["name"]: each for each in one}
        added = {each["name"]: merged(by_name.get(each["name"]), each) for each in other}
        return list((by_name | added).values())
    return other


def manifests() -> Iterator[Json]:
    """All that ends up in a cluster, the Worker once in each of its two forms."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml" and path.parts[-2:] != ("ray", "worker.yaml"):
            yield from documents(path)
    yield worker_on_ray()


def worker_on_ray() -> Json:
    [patch] = documents(KUBERNETES / "ray/worker.yaml")
    worker: Json = merged(documents(KUBERNETES / "worker.yaml")[0], patch)
    return worker


def of_kind(*kinds: str) -> list[Json]:
    return [each for each in manifests() if each["kind"] in kinds]


def named(kind: str, name: str) -> Json:
    return next(each for each in of_kind(kind) if each["metadata"]["name"] == name)


def templates() -> Iterator[Json]:
    """Every pod's."""
    for each in of_kind("Deployment", "StatefulSet"):
        yield each["spec"]["template"]
    [cluster] = of_kind("RayCluster")
    yield cluster["spec"]["headGroupSpec"]["template"]
    for group in cluster["spec"]["workerGroupSpecs"]:
        yield group["template"]


def containers() -> Iterator[Json]:
    for template in templates():
        yield from template["spec"]["containers"]


# Kubernetes


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_manifest(version: str) -> None:
    checked = [each for each in manifests() if each["kind"] != "RayCluster"]
    assert len(checked) > 12
    for each in checked:
        kubernetes_validate.validate(each, version, strict=True)


def test_the_validator_notices_a_misspelt_field() -> None:
    wrong = named("Deployment", "api")
    wrong["spec"]["template"]["spec"]["terminationGracePeriodSecs"] = 20
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_every_file_is_in_a_kustomization_that_finds_it() -> None:
    used = set()
    for path in KUBERNETES.rglob("kustomization.yaml"):
        [content] = documents(path)
        patches = [each["path"] for each in content.get("patches", [])]
        for name in (*content["resources"], *patches):
            assert (path.parent / name).exists(), name
            used.add((path.parent / name).resolve())
        names = {each["name"] for each in content.get("images", [])}
        assert names <= IMAGES
    examples = {KUBERNETES / "secret.example.yaml"}
    rest = {p for p in KUBERNETES.rglob("*.yaml") if p.name != "kustomization.yaml"}
    assert rest - used == examples


def test_every_variable_is_a_setting_with_a_value_that_can_be_used() -> None:
    variables: dict[str, str] = {}
    for each in of_kind("ConfigMap"):
        variables |= each["data"]
    for each in of_kind("Secret"):
        variables |= each["stringData"]
    for each in containers():
        variables |= {one["name"]: one.get("value", "") for one in each.get("env", [])}
    ours = {k: v for k, v in variables.items() if k.startswith("QUANTUMTASK_")}
    assert len(ours) > 3
    assert set(ours) <= SETTINGS
    load_settings(ours)


def test_no_pod_has_rights_or_variables_it_does_not_need() -> None:
    pods = list(templates())
    assert len(pods) == 6
    for pod in pods:
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False, "a Service's QUANTUMTASK_ variable is none"
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers():
        locked = each["securityContext"]
        assert locked["readOnlyRootFilesystem"] is True
        assert locked["allowPrivilegeEscalation"] is False
        assert locked["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in each["resources"]["limits"]
        assert "cpu" in each["resources"]["requests"]
        assert each["image"] in IMAGES | {"postgres:18"}


def test_the_number_of_the_user_is_the_images() -> None:
    number = int(re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())[0])
    for template in templates():
        spec = template["spec"]
        if spec["containers"][0]["image"] in IMAGES:
            assert spec["securityContext"]["runAsUser"] == number


@pytest.mark.parametrize("part", ["api", "worker"])
def test_ports_of_pods_services_probes_and_images_are_the_same(part: str) -> None:
    exposed = re.search(rf"AS {part}\n.*?EXPOSE (\d+)", (ROOT / "Dockerfile").read_text(), re.S)
    assert exposed
    [container] = named("Deployment", part)["spec"]["template"]["spec"]["containers"]
    [port] = container["ports"]
    [served] = named("Service", part)["spec"]["ports"]
    assert port["containerPort"] == served["port"] == int(exposed[1])
    assert port["name"] == served["targetPort"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health", "port": port["name"]}
    labels = named("Deployment", part)["spec"]["template"]["metadata"]["labels"]
    assert named("Service", part)["spec"]["selector"] == labels


def test_the_api_rings_the_workers_service() -> None:
    config = named("ConfigMap", "settings")
    port = named("Service", "worker")["spec"]["ports"][0]["port"]
    assert config["data"]["QUANTUMTASK_WORKER_URL"] == f"http://worker:{port}"


def test_a_pod_gets_longer_to_end_than_it_takes() -> None:
    config = named("ConfigMap", "settings")
    settings = load_settings(config["data"])
    drain_s = settings.drain_s + settings.busy_timeout_s + 10
    for worker in (named("Deployment", "worker"), worker_on_ray()):
        assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain_s
    api = named("Deployment", "api")["spec"]["template"]["spec"]
    before_s = api["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert api["terminationGracePeriodSeconds"] > before_s + 5 + 5


def test_no_pod_reaches_the_service_of_a_cloud_that_has_its_keys() -> None:
    for name in ("api", "worker"):
        rules = named("NetworkPolicy", name)["spec"]["egress"]
        assert all("to" in rule for rule in rules)
        blocks = [to["ipBlock"] for rule in rules for to in rule["to"] if "ipBlock" in to]
        assert [block["except"][0] for block in blocks] == ["169.254.0.0/16", "fe80::/10"]


def test_nobody_but_the_api_reaches_a_worker() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind("NetworkPolicy")}
    everything = policies["nothing-by-default"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    worker = {"app": "quantumtask", "part": "worker"}
    about = [s for s in policies.values() if s["podSelector"].get("matchLabels") == worker]
    ingress = [rule for each in about for rule in each["ingress"]]
    doors = [each["from"][0]["podSelector"]["matchLabels"]["part"] for each in ingress]
    assert sorted(doors) == ["api", "ray"]
    assert ingress[doors.index("api")]["ports"] == [{"port": 8001, "protocol": "TCP"}]


# Ray. What the operator's own schema says beyond this is not checked here.


def test_the_ray_cluster_has_what_its_operator_wants() -> None:
    [cluster] = of_kind("RayCluster")
    assert cluster["apiVersion"] == "ray.io/v1"
    spec = cluster["spec"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", spec["rayVersion"])
    assert spec["authOptions"] == {"mode": "token", "secretName": "ray"}
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert all(isinstance(each, str) for each in group["rayStartParams"].values())
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": group["template"]["spec"]}
        kubernetes_validate.validate(pod, VERSIONS[-1], strict=True)
    head = spec["headGroupSpec"]["rayStartParams"]
    assert (head["include-dashboard"], head["num-cpus"]) == ("false", "0")
    for group in spec["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_workers_reach_the_head_with_the_token_and_the_version_of_its_nodes() -> None:
    [cluster] = of_kind("RayCluster")
    head = f"{cluster['metadata']['name']}-head-svc:6379"
    [container] = worker_on_ray()["spec"]["template"]["spec"]["containers"]
    values = {each["name"]: each for each in container["env"]}
    assert values["QUANTUMTASK_EXECUTOR"]["value"] == "ray"
    assert values["QUANTUMTASK_RAY_ADDRESS"]["value"] == head
    assert f"--address={head}" in container["args"][0]
    key = values["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert key == {"name": cluster["spec"]["authOptions"]["secretName"], "key": "auth_token"}
    nodes = [each for each in containers() if each["name"].startswith("ray-")]
    assert {each["image"] for each in (*nodes, container)} == {"quantumtask-ray"}


def test_no_node_of_ray_is_told_where_the_database_is() -> None:
    [cluster] = of_kind("RayCluster")
    assert "database" not in yaml.safe_dump(cluster["spec"]).lower()
    assert "envFrom" not in yaml.safe_dump(cluster["spec"])
    rules = named("NetworkPolicy", "ray")["spec"]["egress"]
    [allowed] = [each["to"][0]["podSelector"]["matchExpressions"][1] for each in rules]
    assert allowed["values"] == ["ray", "worker"]


@pytest.mark.parametrize("page", ["cluster.md", "backup.md", "postgresql.md"])
def test_the_pages_for_operators_name_no_setting_that_is_none(page: str) -> None:
    names = set(re.findall(r"QUANTUMTASK_[A-Z_]+", (ROOT / "docs" / "how-to" / page).read_text()))
    assert names
    assert names <= SETTINGS


# Compose


@pytest.fixture(scope="module")
def composition() -> Json:
    [document] = documents(ROOT / "docker-compose.cluster.yml")
    return document


def test_only_the_proxy_is_published_and_on_this_machine_alone(composition: Json) -> None:
    published = {name: s["ports"] for name, s in composition["services"].items() if "ports" in s}
    assert published == {"proxy": ["${PUBLISH:-127.0.0.1:8000}:8000"]}


def test_each_service_reaches_only_what_it_needs(composition: Json) -> None:
    reaches = {name: set(each["networks"]) for name, each in composition["services"].items()}
    assert reaches == {
        "proxy": {"front"},
        "api": {"front", "bell", "database"},
        "worker": {"bell", "database"},
        "postgres": {"database"},
        "ray-head": {"ray"},
        "ray-node": {"ray"},
        "ray-worker": {"bell", "database", "ray"},
    }
    inside = {name for name, each in composition["networks"].items() if each.get("internal")}
    assert inside == {"bell", "database", "ray"}


def test_containers_are_locked_up_as_those_of_one_machine_are(composition: Json) -> None:
    [alone] = documents(ROOT / "docker-compose.yml")
    for name, each in [*composition["services"].items(), *alone["services"].items()]:
        assert {"max-size", "max-file"} == set(each["logging"]["options"]), name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert each["read_only"] is True, name
        assert {"mem_limit", "pids_limit"} <= set(each), name
    for name in ("api", "worker"):
        one, other = composition["services"][name], alone["services"][name]
        assert (one["image"], one["build"]) == (other["image"], other["build"])
        assert one["stop_grace_period"] == other["stop_grace_period"]
        assert one["pids_limit"] == other["pids_limit"]
        assert one["expose"] == [{"api": "8000", "worker": "8001"}[name]]


def test_a_service_that_others_reach_requires_tokens(composition: Json) -> None:
    """One machine's is published on 127.0.0.1, and stays open there."""
    [alone] = documents(ROOT / "docker-compose.yml")
    [config] = [each for each in of_kind("ConfigMap") if each["metadata"]["name"] == "settings"]
    assert config["data"]["QUANTUMTASK_AUTH"] == "required"
    assert composition["services"]["api"]["environment"]["QUANTUMTASK_AUTH"] == "required"
    api = alone["services"]["api"]
    assert "QUANTUMTASK_AUTH" not in api["environment"], "the published address decides"
    assert api["environment"]["QUANTUMTASK_PUBLISHED"] == "${PUBLISH:-127.0.0.1:8000}"
    assert api["ports"] == ["${PUBLISH:-127.0.0.1:8000}:8000"]


def test_the_worker_of_one_machine_reaches_nothing_but_the_api() -> None:
    [alone] = documents(ROOT / "docker-compose.yml")
    assert alone["services"]["worker"]["networks"] == ["bell"]
    assert alone["networks"]["bell"] == {"internal": "${WORKER_IS_INTERNAL:-true}"}


def test_the_user_of_the_services_is_no_administrator_of_the_database(
    composition: Json, tmp_path: Path
) -> None:
    script = ROOT / "deploy/compose/create-role.sql"
    assert named("ConfigMap", "postgres")["data"] == {script.name: script.read_text()}
    database = composition["services"]["postgres"]
    assert "POSTGRES_USER" not in database["environment"]
    assert f"./deploy/compose/{script.name}:" in str(database["volumes"])

    server = postgres.Server().start()
    subprocess.run(
        [postgres.PROGRAMS / "psql", "-v", "ON_ERROR_STOP=1", server.url, "-f", script],
        env={**os.environ, "POSTGRES_PASSWORD": "it's"},
        check=True,
        capture_output=True,
    )
    url = server.url.replace("postgres@", "quantumtask@").removesuffix("/postgres")
    store = WorkerStore(Settings(tmp_path, f"{url}/quantumtask"))
    with psycopg.connect(f"{url}/quantumtask") as connection:
        [row] = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert row == (False, False, False)
    assert store.identity()
    store.close()
    server.remove()


def test_every_variable_of_the_composition_is_a_setting(composition: Json) -> None:
    variables: dict[str, str] = {}
    for each in composition["services"].values():
        variables |= each.get("environment", {})
    ours = {name for name in variables if name.startswith("QUANTUMTASK_")}
    assert {"QUANTUMTASK_DATABASE", "QUANTUMTASK_EXECUTOR"} <= ours
    assert ours <= SETTINGS


def test_every_setting_of_the_shell_and_of_dot_env_reaches_the_containers(
    composition: Json,
) -> None:
    """Compose ignores a variable that its file does not name: a limit would be lost silently."""
    [alone] = documents(ROOT / "docker-compose.yml")
    [passed_on] = documents(ROOT / "deploy/compose/settings.yml")
    names = passed_on["services"]["settings"]["environment"]
    fixed = {"DATA_DIR", "HOST", "PORT", "PUBLISHED", "WORKER_HOST", "WORKER_PORT", "WORKER_URL"}
    assert {n for n in names if n.startswith("QUANTUMTASK_")} == SETTINGS - {
        f"QUANTUMTASK_{name}" for name in fixed
    }
    assert set(names.values()) == {None}, "a value would go before that of .env"
    for services, ours in (
        (alone["services"], ("api", "worker")),
        (composition["services"], ("api", "worker", "ray-worker")),
    ):
        for name in ours:
            assert services[name]["extends"] == {
                "file": "deploy/compose/settings.yml",
                "service": "settings",
            }


def test_there_are_two_of_what_may_be_lost(composition: Json) -> None:
    for name in ("api", "worker", "ray-node", "ray-worker"):
        assert composition["services"][name]["deploy"]["replicas"] == 2


def test_what_has_no_health_check_in_its_image_has_one_here(composition: Json) -> None:
    text = (ROOT / "Dockerfile").read_text()
    for name, each in composition["services"].items():
        target = each.get("build", {}).get("target", "-")
        assert "healthcheck" in each or f"AS {target}" in text, name
    assert {"proxy", "postgres", "ray-head", "ray-node"} == {
        name for name, each in composition["services"].items() if "healthcheck" in each
    }


def test_no_password_has_a_default_and_the_example_names_every_variable() -> None:
    text = (ROOT / "docker-compose.cluster.yml").read_text()
    example = (ROOT / "deploy/compose/example.env").read_text()
    assert re.findall(r"\$\{POSTGRES_PASSWORD(..)", text) == [":?", ":?"]
    assert "${RAY_AUTH_TOKEN:-}" in text
    assert re.findall(r"^(?:POSTGRES_PASSWORD|RAY_AUTH_TOKEN)=(.*)$", example, re.M) == ["", ""]
    for name in set(re.findall(r"\$\{(\w+)", text)):
        assert f"{name}=" in example, name


@pytest.mark.skipif(compose_command() == [], reason="no docker compose")
def test_docker_compose_takes_the_file_with_passwords_and_refuses_it_without(
    tmp_path: Path,
) -> None:
    def config(**variables: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "environment"
        file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        command = [*compose_command(), "--env-file", str(file)]
        clean = {k: v for k, v in os.environ.items() if k not in ("POSTGRES_PASSWORD",)}
        return subprocess.run(
            [*command, "-f", "docker-compose.cluster.yml", "config", "--quiet"],
            cwd=ROOT,
            env=clean,
            capture_output=True,
            text=True,
        )

    done = config(POSTGRES_PASSWORD="0", RAY_AUTH_TOKEN="0", COMPOSE_PROFILES="local")
    assert done.returncode == 0, done.stderr
    refused = config(POSTGRES_PASSWORD="")
    assert refused.returncode != 0
    assert "put a password" in refused.stderr


@pytest.mark.skipif(compose_command() == [], reason="no docker compose")
def test_docker_compose_passes_a_setting_on_and_asks_who_may_reach_the_api(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text("QUANTUMTASK_USER_LIMITS=max_running=4\nPUBLISH=0.0.0.0:80\n")
    text = subprocess.check_output(
        [*compose_command(), "--env-file", str(file), "config"], cwd=ROOT, text=True
    )
    services = yaml.safe_load(text)["services"]
    for name in ("api", "worker"):
        assert services[name]["environment"]["QUANTUMTASK_USER_LIMITS"] == "max_running=4"
        assert services[name]["environment"].get("QUANTUMTASK_TURN_S") is None
    assert services["api"]["environment"]["QUANTUMTASK_PUBLISHED"] == "0.0.0.0:80"


# The proxy


def test_the_proxy_waits_longer_than_a_long_poll_and_a_question() -> None:
    text = (ROOT / "deploy/compose/haproxy.cfg").read_text()
    for side in ("client", "server"):
        [seconds] = re.findall(rf"timeout {side} (\d+)s", text)
        assert int(seconds) > 90
    assert "option httpchk GET /health" in text
    assert re.search(r"server-template api \d+ api:8000$", text, re.M)
    assert "bind :8000" in text


def test_a_new_task_without_a_key_is_not_sent_twice() -> None:
    text = (ROOT / "deploy/compose/haproxy.cfg").read_text()
    [condition] = re.findall(r"http-request disable-l7-retry if (.*)", text)
    assert condition == "METH_POST { path /tasks } !{ req.hdr(Idempotency-Key) -m found }"
    assert "retry-on conn-failure empty-response\n" in text


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="no haproxy")
def test_the_proxy_takes_its_configuration() -> None:
    done = subprocess.run(
        ["haproxy", "-c", "-f", ROOT / "deploy/compose/haproxy.cfg"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_unit_of_systemd_is_valid_and_keeps_all_privileges_away(tmp_path: Path) -> None:
    text = (ROOT / "deploy/quantumtask.service").read_text()
    for line in (
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "KillMode=mixed",
    ):
        assert f"\n{line}\n" in text
    assert set(re.findall("QUANTUMTASK_[A-Z_]+(?==)", text)) <= SETTINGS
    assert Path(re.findall("QUANTUMTASK_DATA_DIR=(.*)", text)[0]).name in re.findall(
        "StateDirectory=(.*)", text
    )
    [start] = re.findall("^ExecStart=(.*)$", text, re.MULTILINE)
    program, command = start.split()
    assert (Path(program).name, command) == ("quantumtask", "up")
    if shutil.which("systemd-analyze"):
        unit = tmp_path / "quantumtask.service"
        unit.write_text(text.replace(program, "/bin/true"))
        verify = ["systemd-analyze", "verify", "--man=no", str(unit)]
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
