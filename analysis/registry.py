"""Which analyzers there are, which are switched on, and which of them take a series."""

import importlib
import importlib.metadata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from analysis.analyzers import Analyzer, Applicability, SeriesDescription
from analysis.errors import UnknownAnalyzer, plain
from analysis.findings import Code
from analysis.images import why_no_image
from archive.settling import Selection, SeriesSummary
from config.declared import AnalyzerDeclaration
from config.settings import Settings

GROUP: Final = "isocenter.analyzers"
"""Entry-point group in which plug-ins register a factory: called with the analyzer's options, returns an `Analyzer`."""

# The same as this distribution's entry points: an index of installed plug-ins may be older than the code.
BUILT_IN: Final[Mapping[str, str]] = {
    "ct-lung-densitometry": "analysis.densitometry.analyzer:LungDensitometry",
    "mock-ct-chest": "analysis.mock.models:ct_chest",
    "mock-ct-head": "analysis.mock.models:ct_head",
    "mock-mg-breast": "analysis.mock.models:mg_breast",
    "mock-mr-brain": "analysis.mock.models:mr_brain",
    "mock-pt-lesion": "analysis.mock.models:pt_lesion",
    "mock-us-thyroid": "analysis.mock.models:us_thyroid",
    "mock-xr-chest": "analysis.mock.models:xr_chest",
}

_LONGEST_LO: Final = 64

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzerSpec:
    """How to make an analyzer, here or in another process.

    Attributes
    ----------
    reference
        Factory as "module:attribute".
    options
        Keyword arguments of the factory; JSON values.
    external
        Whether somebody else performs its jobs.
    """

    name: str
    reference: str
    options: Mapping[str, Any]
    enabled: bool = True
    external: bool = False

    def create(self) -> Analyzer:
        """Make the analyzer.

        Raises
        ------
        UnknownAnalyzer
            If there is no such factory, it fails, or what it makes is no analyzer.
        """
        module, _, attribute = self.reference.partition(":")
        try:
            made = getattr(importlib.import_module(module), attribute)(**self.options)
        # The edge of somebody else's code: weights that are not there, drivers that do not load, scripts that exit.
        except (Exception, SystemExit) as error:
            reason = plain(f"{type(error).__name__}: {error}")
            raise UnknownAnalyzer(f"analyzer {self.name} cannot be made: {reason}") from error
        if not isinstance(made, Analyzer):
            raise UnknownAnalyzer(f"{self.reference} does not make an analyzer")
        if not self.external:
            _require_identity(made, self.name)
        return made


class Registry:
    """The analyzers of a node.

    Parameters
    ----------
    specs
        All that are installed; those not enabled take no series.
    """

    def __init__(self, specs: Iterable[AnalyzerSpec]) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._analyzers: dict[str, Analyzer] = {}
        for spec in self._specs.values():
            if spec.enabled:
                self._load(spec)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the analyzers that can run here."""
        return tuple(sorted(name for name in self._analyzers if not self._specs[name].external))

    @property
    def versions(self) -> dict[str, str]:
        """Version of each analyzer that takes series, wherever it runs."""
        return {name: analyzer.version for name, analyzer in self._analyzers.items()}

    def __getitem__(self, name: str) -> Analyzer:
        try:
            return self._analyzers[name]
        except KeyError:
            raise UnknownAnalyzer(f"no analyzer is called {name}") from None

    def spec(self, name: str) -> AnalyzerSpec:
        """Give the spec of an analyzer, enabled or not.

        Raises
        ------
        UnknownAnalyzer
            If none has this name.
        """
        try:
            return self._specs[name]
        except KeyError:
            raise UnknownAnalyzer(f"no analyzer is called {name}") from None

    def listing(self) -> list[dict[str, Any]]:
        """Describe all analyzers, as the API shows them."""
        return [self._described(spec) for _, spec in sorted(self._specs.items())]

    def select(self, summary: SeriesSummary) -> Selection:
        """Choose the analyzers that take a series, or say why none does."""
        description = describe(summary)
        reason = why_no_image(description)
        if reason:
            return Selection(reason=reason)
        answers = {name: ask(name, analyzer, description) for name, analyzer in sorted(self._analyzers.items())}
        taken = tuple(
            (name, self._analyzers[name].version)
            for name, answer in answers.items()
            if isinstance(answer, Applicability) and answer.applies
        )
        if taken:
            return Selection(analyzers=taken)
        failures = [answer for answer in answers.values() if isinstance(answer, str)]
        nobody = f"no analyzer takes {description.modality or 'series without modality'}"
        return Selection(reason="; ".join([nobody, *failures]))

    def _load(self, spec: AnalyzerSpec) -> None:
        try:
            self._analyzers[spec.name] = spec.create()
        except UnknownAnalyzer as error:
            # One broken plug-in must not keep the others, and the node, from working.
            _log.warning("analyzer_not_loaded", analyzer=spec.name, reason=str(error))

    def _described(self, spec: AnalyzerSpec) -> dict[str, Any]:
        analyzer = self._analyzers.get(spec.name)
        return {
            "name": spec.name,
            "version": analyzer.version if analyzer is not None else None,
            "manufacturer": analyzer.manufacturer if analyzer is not None else None,
            "mock": analyzer.is_mock if analyzer is not None else None,
            "enabled": spec.enabled,
            "loaded": analyzer is not None,
        }


def _require_identity(analyzer: Analyzer, name: str) -> None:
    """Check what every object says of its maker: values of VR LO (PS3.5 6.2), none of them empty."""
    for attribute in ("name", "version", "manufacturer"):
        value = getattr(analyzer, attribute)
        legal = isinstance(value, str) and value.strip() and value.isprintable() and "\\" not in value
        if not legal or len(value) > _LONGEST_LO:
            raise UnknownAnalyzer(f"analyzer {name}: {attribute} is no text of 1 to {_LONGEST_LO} characters")
    if not isinstance(analyzer.family, Code):
        raise UnknownAnalyzer(f"analyzer {name}: family is no Code")


def open_registry(settings: Settings) -> Registry:
    """Make the registry of a node: built-in analyzers, installed plug-ins, and what `[[analyzer]]` says of them.

    Raises
    ------
    UnknownAnalyzer
        If the configuration names an analyzer that is not installed.
    """
    require_installed(settings)
    references = installed()
    declared = {item.name: item for item in settings.analyzer}
    external = {item.name: _external(item) for item in settings.analyzer if item.performer == "external"}
    specs = []
    for name, reference in references.items():
        item = declared.get(name)
        enabled = item.enabled if item is not None else True
        options = configured_options(settings, name)
        specs.append(AnalyzerSpec(name=name, reference=reference, options=options, enabled=enabled))
    return Registry([*specs, *external.values()])


def require_installed(settings: Settings) -> None:
    """Check that every analyzer of the configuration is there; those that others perform need not be.

    Raises
    ------
    UnknownAnalyzer
        If the configuration names an analyzer that is not installed.
    """
    declared = {item.name for item in settings.analyzer if item.performer == "node"}
    unknown = sorted(declared - set(installed()))
    if unknown:
        raise UnknownAnalyzer(f"[[analyzer]]: no analyzer is called {', '.join(unknown)}")


def _external(item: AnalyzerDeclaration) -> AnalyzerSpec:
    """Describe an analyzer that runs elsewhere; it takes the place of an installed one with its name."""
    options = {
        "name": item.name,
        "version": item.version,
        "modality": item.modality,
        "body_part": item.body_part,
    }
    return AnalyzerSpec(
        name=item.name,
        reference="analysis.external:ExternalAnalyzer",
        options=options,
        enabled=item.enabled,
        external=True,
    )


def configured_options(settings: Settings, name: str) -> dict[str, Any]:
    """Give an analyzer's options: those of its `[[analyzer]]`, and of all mock analyzers their delay."""
    options: dict[str, Any] = {}
    if installed().get(name, "").startswith("analysis.mock."):
        options["delay_seconds"] = list(settings.analysis.mock.delay_seconds)
    for item in settings.analyzer:
        if item.name == name:
            options.update(item.options)
    return options


def installed() -> dict[str, str]:
    """Give factory references by name: installed plug-ins and the built-in analyzers, which win over namesakes."""
    plug_ins = {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}
    return {**plug_ins, **BUILT_IN}


def describe(summary: SeriesSummary) -> SeriesDescription:
    """Say what analyzers want to know of a series in the index."""
    return SeriesDescription(
        modality=summary.modality,
        sop_class_uids=frozenset(summary.sop_class_uids),
        body_part_examined=summary.body_part_examined,
        image_type=tuple(part.strip() for part in summary.image_type.split("\\")) if summary.image_type else (),
        descriptions=(summary.study_description, summary.series_description, summary.protocol_name),
        instances=summary.instance_count,
    )


def ask(name: str, analyzer: Analyzer, description: SeriesDescription) -> Applicability | str:
    """Ask whether an analyzer takes a series; what goes wrong with that is its own failure, as text, and nobody else's.

    The question is asked where series complete: a plug-in must not keep them from it.

    Returns
    -------
    Applicability or str
        The answer, or why there is none.
    """
    try:
        answer: object = analyzer.applies_to(description)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the edge of somebody else's code
        failure = type(error).__name__
    else:
        if isinstance(answer, Applicability):
            return answer
        failure = f"{type(answer).__name__} instead of Applicability"
    _log.warning("analyzer_not_asked", analyzer=name, reason=failure)
    return f"{name} cannot say whether it takes the series ({failure})"
