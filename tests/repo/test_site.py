"""The documentation site shows what the code declares, and loads nothing from another host."""

from pathlib import Path

from docs_site import build, command_line, http_calls


def test_the_reference_of_commands_has_every_command_and_its_options() -> None:
    page = command_line.markdown()
    for command in ("submit", "batch", "validate", "estimate", "list", "result", "cancel", "up"):
        assert f"### `{command}`" in page
    assert "| `--shots " in page


def test_the_reference_of_http_calls_has_every_call_and_its_codes() -> None:
    page = http_calls.calls() + http_calls.models()
    assert "### `POST /tasks`" in page
    assert "### `GET /batches/{batch_id}/results`" in page
    assert "`queue_full`" in page
    assert "### SubmitRequest" in page


def test_a_marker_is_replaced_and_a_link_to_a_notebook_leads_to_its_page() -> None:
    page = build.fill_in("[a](tutorials/vqe.ipynb)\n<!-- generated: commands -->\n")
    assert page.startswith("[a](tutorials/vqe.md)\n### ")


def test_every_marker_of_the_pages_is_known() -> None:
    text = "".join(path.read_text() for path in build.PAGES.rglob("*.md"))
    assert text.count("<!-- generated:") == len(build.GENERATED)
    assert all(f"<!-- generated: {name} -->" in text for name in build.GENERATED)


def test_elements_that_load_from_another_host_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<script src="https://x.org/a.js"></script><a href="https://x.org">a link is allowed</a>'
        '<link rel="stylesheet" href="//x.org/a.css"><script src="local.js"></script>'
    )
    (tmp_path / "b.css").write_text("body { background: url(https://x.org/b.png) }")
    assert len(list(build.external_resources(tmp_path))) == 3
