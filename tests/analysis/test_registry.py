import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.errors import UnknownAnalyzer
from analysis.registry import BUILT_IN, GROUP, AnalyzerSpec, Registry, open_registry
from archive.settling import SeriesSummary
from config.declared import AnalyzerDeclaration
from config.settings import Settings

CT = "1.2.840.10008.5.1.4.1.1.2"
BLANK = dict.fromkeys(SeriesSummary.__dataclass_fields__, "")
CHEST = SeriesSummary(
    **{
        **BLANK,
        "series_id": 1,
        "generation": 1,
        "own_result": False,
        "instance_count": 120,
        "source_ae_titles": (),
        "sop_class_uids": (CT,),
        "sop_class_uid": CT,
        "modality": "CT",
        "body_part_examined": "CHEST",
        "image_type": "ORIGINAL\\PRIMARY\\AXIAL",
        "rows": 512,
        "columns": 512,
        "bits_allocated": 16,
        "number_of_frames": 1,
    }  # type: ignore[arg-type]  # the blank fields are text
)


def _registry(*names: str) -> Registry:
    return Registry([AnalyzerSpec(name=name, reference=BUILT_IN[name], options={}) for name in names])


def test_a_chest_ct_gets_the_real_analyzer_and_the_mock() -> None:
    selection = _registry(*BUILT_IN).select(CHEST)
    assert [name for name, _ in selection.analyzers] == ["ct-lung-densitometry", "mock-ct-chest"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modality": "XA", "sop_class_uids": ("1.2.840.10008.5.1.4.1.1.12.1",)}, "no analyzer takes XA"),
        ({"image_type": "ORIGINAL\\PRIMARY\\LOCALIZER"}, "localizer"),
        ({"modality": "SR", "sop_class_uids": ("1.2.840.10008.5.1.4.1.1.88.33",)}, "the series holds no images"),
    ],
)
def test_a_series_that_nobody_takes_gets_a_reason(changes: dict[str, object], reason: str) -> None:
    selection = _registry(*BUILT_IN).select(replace(CHEST, **changes))  # type: ignore[arg-type]  # fields of a summary
    assert selection.analyzers == ()
    assert selection.reason == reason


def test_configuration_switches_off_and_sets_options() -> None:
    settings = Settings(
        analyzer=(
            AnalyzerDeclaration(name="ct-lung-densitometry", enabled=False),
            AnalyzerDeclaration(name="mock-ct-chest", options={"delay_seconds": [1, 2]}),
        )
    )
    registry = open_registry(settings)
    assert "ct-lung-densitometry" not in registry.names
    assert registry.spec("mock-ct-chest").options == {"delay_seconds": [1, 2]}
    assert registry.spec("mock-ct-head").options == {"delay_seconds": [30.0, 60.0]}
    assert [item["enabled"] for item in registry.listing() if item["name"] == "ct-lung-densitometry"] == [False]


def test_an_unknown_analyzer_in_the_configuration_is_an_error() -> None:
    with pytest.raises(UnknownAnalyzer, match="nobody"):
        open_registry(Settings(analyzer=(AnalyzerDeclaration(name="nobody"),)))


def test_a_broken_plug_in_does_not_take_the_others_with_it() -> None:
    broken = AnalyzerSpec(name="broken", reference="no.such.module:thing", options={})
    good = AnalyzerSpec(name="mock-ct-chest", reference=BUILT_IN["mock-ct-chest"], options={})
    assert Registry([broken, good]).names == ("mock-ct-chest",)


def _misbehaving(name: str = "Misbehaving", **options: object) -> AnalyzerSpec:
    return AnalyzerSpec(name="other", reference=f"tests.analysis.misbehaving:{name}", options=options)


def test_a_plug_in_without_its_weights_does_not_take_the_others_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    good = AnalyzerSpec(name="mock-ct-chest", reference=BUILT_IN["mock-ct-chest"], options={})
    assert Registry([_misbehaving("WithoutWeights"), good]).names == ("mock-ct-chest",)
    assert "/no/such/weights.onnx" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["raise_when_asked", "say_nothing_when_asked"])
def test_a_plug_in_that_cannot_answer_keeps_no_series_from_the_others(kind: str) -> None:
    good = AnalyzerSpec(name="mock-ct-chest", reference=BUILT_IN["mock-ct-chest"], options={})
    registry = Registry([_misbehaving(kind=kind), good])
    assert dict(registry.select(CHEST).analyzers).keys() == {"mock-ct-chest"}
    nobody = registry.select(replace(CHEST, modality="XA"))
    assert nobody.reason.startswith("no analyzer takes XA; other cannot say")


@pytest.mark.parametrize("version", ["", "1\\2", "9" * 65, "1\n2", 1.5])
def test_a_plug_in_whose_version_no_object_can_say_is_not_loaded(version: object) -> None:
    with pytest.raises(UnknownAnalyzer, match="version is no text"):
        _misbehaving(version=version).create()


def test_a_plug_in_of_a_family_that_is_no_code_is_not_loaded() -> None:
    with pytest.raises(UnknownAnalyzer, match="family is no Code"):
        _misbehaving("WithoutFamily").create()


def test_entry_points_name_the_built_in_analyzers() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"][GROUP] == dict(BUILT_IN)


def test_an_external_analyzer_takes_the_series_it_is_declared_for_and_is_not_run_here() -> None:
    declared = AnalyzerDeclaration(
        name="acme-lungs", performer="external", version="2.1", modality=("CT",), body_part=("chest*",)
    )
    registry = open_registry(Settings(analyzer=(declared,)))
    assert ("acme-lungs", "2.1") in registry.select(CHEST).analyzers
    assert "acme-lungs" not in registry.names
    assert registry.versions["acme-lungs"] == "2.1"
    for change in ({"modality": "MR"}, {"body_part_examined": "HEAD"}):
        chosen = registry.select(replace(CHEST, **change)).analyzers  # type: ignore[arg-type]  # fields of a summary
        assert "acme-lungs" not in dict(chosen)
    with pytest.raises(UnknownAnalyzer):
        registry["acme-lungs"].analyze(None, print)  # type: ignore[arg-type]  # there is nothing to analyse


def test_an_external_analyzer_takes_the_place_of_an_installed_one() -> None:
    declared = AnalyzerDeclaration(name="mock-ct-chest", performer="external", modality=("CT",))
    registry = open_registry(Settings(analyzer=(declared,)))
    assert "mock-ct-chest" not in registry.names
    assert dict(registry.select(CHEST).analyzers)["mock-ct-chest"] == "1"
