"""The pages of the service and of devices, and what administrators do there."""

import itertools
import math
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import findings_in_themes, open_page, serious_findings
from tests.support.secured_service import SecuredService
from tests.support.services import ENDLESS, Service
from tests.web.conftest import open_new_page

pytestmark = pytest.mark.xdist_group("web")


def test_a_running_task_is_shown_in_its_slot(page: Page, service: Service) -> None:
    name = '<b id="injected">spin'
    task_id = service.submit(ENDLESS, name=name)
    open_page(page, "/#/service")
    slot = page.get_by_role("listitem").filter(has_text=name)
    expect(slot.get_by_role("link", name=name)).to_have_attribute("href", f"#/tasks/{task_id}")
    assert page.locator("#injected").count() == 0
    service.http.post(f"/tasks/{task_id}/cancel")
    expect(slot).to_have_count(0)
    for caption in ("Tasks that ended in each minute", "Waiting time of tasks"):
        expect(page.get_by_role("img", name=caption).locator("canvas")).to_be_visible()


def test_the_labels_of_a_curve_have_room_for_large_numbers(page: Page, service: Service) -> None:
    state = service.http.get("/service").json()
    state["minutes"][-1] |= {"completed": 12_345_678}
    page.route("**/service", lambda route: route.fulfill(json=state))
    open_page(page, "/#/service")
    curve = page.get_by_role("img", name="Tasks that ended in each minute")
    expect(curve.locator("canvas")).to_be_visible()
    room, need = curve.locator(".u-over").evaluate(
        """over => {
            const text = document.createElement("canvas").getContext("2d");
            text.font = "12px system-ui, sans-serif";
            return [over.offsetLeft, text.measureText("10,000,000").width];
        }"""
    )
    assert room > need + 15, "the tick, and the gap before it"


def test_engines_devices_and_limits_are_listed(page: Page, service: Service) -> None:
    open_page(page, "/#/service")
    engines = page.get_by_role("table", name="Engines")
    expect(engines.get_by_role("cell", name="stim", exact=True)).to_be_visible()
    lightning = engines.get_by_role("row").filter(has_text="lightning")
    expect(lightning.get_by_role("cell").last).to_have_text("statevector")
    limits = page.get_by_role("table", name="Limits")
    most = service.http.get("/service").json()["limits"]["service"]["max_shots"]
    shots = limits.get_by_role("row").filter(has_text="Shots of a task")
    expect(shots).to_contain_text(f"{most:,}")
    page.get_by_role("link", name="fake_manila", exact=True).click()
    expect(page.get_by_role("heading", name="fake_manila")).to_be_visible()


def test_a_device_has_its_coupling_map_and_its_errors(page: Page, service: Service) -> None:
    device = service.http.get("/backends/fake_manila").json()
    open_page(page, "/#/service/devices/fake_manila")
    assert findings_in_themes(page) == {}
    picture = page.get_by_role("img", name="Coupling map of fake_manila")
    expect(picture.locator("circle")).to_have_count(5)
    expect(picture.locator("line")).to_have_count(4)
    t1 = device["qubits_properties"][0]["t1_us"]
    first = page.get_by_role("table", name="Qubits").get_by_role("row").nth(1)
    expect(first).to_contain_text(f"{t1:.4g}")
    expect(page.get_by_text("Pairs: gate error")).to_be_visible()


def test_no_two_of_127_qubits_overlap(page: Page) -> None:
    open_page(page, "/#/service/devices/fake_sherbrooke")
    picture = page.get_by_role("img", name="Coupling map of fake_sherbrooke")
    expect(picture.locator("circle")).to_have_count(127)
    expect(picture.locator("line")).to_have_count(144)
    circles = picture.locator("circle").evaluate_all(
        "all => all.map(each => [each.cx.baseVal.value, each.cy.baseVal.value])"
    )
    assert min(math.dist(a, b) for a, b in itertools.combinations(circles, 2)) > 26


def test_an_unknown_device_is_said_to_be_unknown(page: Page, console: list[str]) -> None:
    page.goto("/#/service/devices/fake_moon")
    expect(page.get_by_role("alert")).to_contain_text("there is no such backend")
    console.clear()


@pytest.fixture
def administrator(browser: Browser, secured: SecuredService, console: list[str]) -> Iterator[Page]:
    with open_new_page(browser, secured.url, console) as page:
        page.goto("/#/service")
        page.get_by_label("Token").fill(secured.tokens["root"])
        page.get_by_role("button", name="Log in").click()
        yield page


def test_an_administrator_creates_and_revokes_a_token(
    administrator: Page, secured: SecuredService
) -> None:
    page = administrator
    page.on("dialog", lambda dialog: dialog.accept())
    form = page.get_by_role("form", name="New token")
    form.get_by_role("textbox", name="Name").fill("of-the-page")
    form.get_by_role("textbox", name="Project").fill("physics")
    form.get_by_role("button", name="Create").click()
    token = page.locator("code, pre").filter(has_text="qt_").filter(has_not_text="…").first
    expect(token).to_be_visible()
    text = (token.text_content() or "").strip()
    user = secured.with_headers(Authorization=f"Bearer {text}")
    assert user.get("/principal").json()["name"] == "of-the-page"
    assert serious_findings(page) == []
    page.get_by_role("button", name=f"Revoke {text[:11]} of of-the-page").click()
    row = page.get_by_role("row").filter(has_text=text[:11])
    expect(row).to_contain_text("revoked")
    assert user.get("/principal").status_code == 401
    page.reload()
    expect(page.get_by_role("table", name="Tokens")).to_be_visible()
    expect(page.get_by_text(text)).to_have_count(0)


def test_usage_by_project_is_for_administrators(
    administrator: Page, secured: SecuredService
) -> None:
    secured.as_principal("ada").post("/tasks", params={"wait": 30}, json={"circuit": "qubit q;"})
    administrator.reload()
    usage = administrator.get_by_role("table", name="Usage by project")
    expect(usage.get_by_role("cell", name="physics", exact=True)).to_be_visible()
