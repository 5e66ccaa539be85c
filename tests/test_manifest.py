"""What napari learns of the plugin: a valid manifest whose every promise is kept."""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QWidget

from napari_uda.ui.dock import TABS

ROOT = Path(__file__).parents[1]
NAME = "napari-uda"


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_distribution(NAME)


def test_the_manifest_is_found_through_the_entry_point():
    [entry] = distribution(NAME).entry_points.select(group="napari.manifest")
    module, _, name = entry.value.partition(":")
    assert files(module).joinpath(name).is_file()


def test_the_manifest_at_the_root_is_that_of_the_package():
    inside = ROOT / "src" / "napari_uda" / "napari.yaml"
    assert (ROOT / "napari.yaml").read_bytes() == inside.read_bytes()


def test_the_manifest_is_valid_and_says_what_it_offers(manifest):
    manifest.validate_imports()
    assert manifest.name == NAME
    # Short, as napari puts it behind the title of every dock.
    assert manifest.display_name == NAME
    contributions = manifest.contributions
    commands = {command.id for command in contributions.commands}
    used = [item.command for item in contributions.widgets]
    used += [item.command for item in contributions.sample_data]
    assert set(used) == commands
    assert "napari/layers/segment" in contributions.menus


def test_the_menu_calls_the_tabs_by_their_names(manifest):
    names = [item.display_name for item in manifest.contributions.widgets]
    assert names == ["Domain adaptation", *(tab.title for tab in TABS)]


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("em-pair", ["source", "target"]),
        ("cine-pair", ["source", "target", "target-b"]),
        ("heart-pair", ["source"] * 4 + ["target"] * 4),
        ("abdomen-pair", ["source", "target", "target-b"]),
    ],
)
def test_the_sample_pair_opens(make_napari_viewer, name, roles):
    viewer = make_napari_viewer()
    layers = viewer.open_sample(NAME, name)
    said = [layer.metadata["napari_uda"]["role"] for layer in layers]
    assert said[::2] == said[1::2] == roles


@pytest.mark.parametrize("name", ["dock", "data", "train", "predict", "check"])
def test_every_widget_opens(manifest, make_napari_viewer, name):
    [item] = [
        widget
        for widget in manifest.contributions.widgets
        if widget.command == f"{NAME}.{name}"
    ]
    viewer = make_napari_viewer()
    dock, widget = viewer.window.add_plugin_dock_widget(NAME, item.display_name)
    assert isinstance(widget, QWidget)
    assert widget.session.viewer is viewer
    viewer.window.remove_dock_widget(dock)


def test_every_sample_pair_is_offered_under_its_name(manifest):
    from napari_uda.samples import SAMPLES

    offered = {item.key: item for item in manifest.contributions.sample_data}
    assert set(offered) == set(SAMPLES)
    for name, item in offered.items():
        assert item.command == f"{NAME}.{name.replace('-', '_')}"
        assert item.display_name
