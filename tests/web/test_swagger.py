"""The documentation at /docs: Swagger UI, in which every call can be made."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.services import Service
from tests.support.sizes import FULL, sized

pytestmark = pytest.mark.xdist_group("web")

RENDERED_MS = 60_000
UUID = re.compile("^[0-9a-f-]{36}$")
CIRCUIT = re.compile("OPENQASM 3")
CALLS = {
    "tasks-submit": ("textarea", CIRCUIT),
    "tasks-get_task": ("tr[data-param-name=task_id] input", UUID),
    "tasks-validate": ("textarea", CIRCUIT),
    "tasks-estimate": ("textarea", CIRCUIT),
}
"""Operation -> a field of its form, and what it has before anything is typed."""
NO_SWAGGER = "globalThis.SwaggerUIBundle = Object.assign(() => {}, {presets: {}});"


def test_the_documentation_allows_nothing_else_than_its_own_files(service: Service) -> None:
    for path in ("/docs", "/docs/files/docs.js", "/docs/files/swagger-ui-bundle.js"):
        response = service.http.get(path)
        assert response.status_code == 200, path
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
    assert service.http.get("/docs/files/no-such-file").status_code == 404


def test_operations_open_without_an_error_and_examples_run_with_the_id_of_the_new_task(
    page: Page, service: Service
) -> None:
    """At full size, all operations and all examples: each takes Swagger UI a second."""
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=RENDERED_MS)
    expect(page.get_by_role("button", name="Authorize")).to_be_hidden()
    for call, (field, text) in list(CALLS.items())[: sized(2, len(CALLS))]:
        block = page.locator(f"#operations-{call}")
        block.locator(".opblock-summary-control").dispatch_event("click")
        expect(block.locator(field)).to_have_value(text, timeout=RENDERED_MS)
        block.get_by_role("button", name="Execute").click()
        status = block.locator(".live-responses-table td.response-col_status:not(.col_header)")
        expect(status).to_contain_text("200", timeout=RENDERED_MS)
    if FULL:
        open_all(page, service)
    assert page.evaluate("ui.errSelectors.allErrors().toJS()") == []
    assert hosts - {"data:"} == {service.url}
    page.get_by_role("link", name="QuantumTask", exact=True).click()
    expect(page).to_have_title("Try · QuantumTask")


def open_all(page: Page, service: Service) -> None:
    """Open and close each operation of the document."""
    document = service.http.get("/openapi.json").json()
    operations = page.locator(".opblock")
    expect(operations).to_have_count(sum(map(len, document["paths"].values())))
    for block_id in operations.evaluate_all("all => all.map(each => each.id)"):
        each = page.locator(f"[id='{block_id}']")
        summary, responses = each.locator(".opblock-summary-control"), ".responses-wrapper"
        if "is-open" not in (each.get_attribute("class") or ""):
            summary.dispatch_event("click")
        expect(each.locator(responses)).to_be_attached(timeout=RENDERED_MS)
        summary.dispatch_event("click")  # the page would become slower with each
        expect(each.locator(responses)).to_have_count(0)


def test_tokens_are_asked_for_where_authentication_is_on(page: Page) -> None:
    page.route("**/swagger-ui-bundle.js", lambda route: route.fulfill(body=NO_SWAGGER))
    session = {"authentication": True, "openid": False, "principal": None, "expires_at": None}
    page.route("**/session", lambda route: route.fulfill(json=session))
    page.goto("/docs")
    expect(page.locator("body")).to_have_class("authentication")
