"""Objects that belong to no patient: their SOP classes, and what each kind is asked for.

PS3.4 Annex GG lists the classes, PS3.18 Section 12.1.1 the names of the kinds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from archive.attribute_lists import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of objects.

    Parameters
    ----------
    name
        As PS3.18 has it in addresses.
    sop_classes
        Their SOP classes.
    keys
        Attributes that they are found by and listed with, as keys of attribute lists; all that is in sequences too.
    """

    name: str
    sop_classes: frozenset[str]
    keys: frozenset[str]


_ALL: Final = ("SOPClassUID", "SOPInstanceUID", "InstanceCreationDate", "InstanceCreationTime")
_CONTENT: Final = ("ContentLabel", "ContentDescription", "ContentCreatorName", "AlternateContentDescriptionSequence")


def _kind(name: str, sop_classes: tuple[str, ...], *keywords: str) -> Kind:
    return Kind(name=name, sop_classes=frozenset(sop_classes), keys=frozenset(map(key, (*_ALL, *keywords))))


COLOR_PALETTES: Final = _kind(
    "color-palettes",
    ("1.2.840.10008.5.1.4.39.1",),
    # PS3.4 Table X.6-1.
    *_CONTENT,
    "PaletteColorLookupTableUID",
)
_HANGING_PROTOCOLS: Final = _kind(
    "hanging-protocols",
    ("1.2.840.10008.5.1.4.38.1",),
    # PS3.4 Table U.6-1.
    "HangingProtocolName",
    "HangingProtocolDescription",
    "HangingProtocolLevel",
    "HangingProtocolCreator",
    "HangingProtocolCreationDateTime",
    "HangingProtocolDefinitionSequence",
    "NumberOfPriorsReferenced",
    "HangingProtocolUserIdentificationCodeSequence",
    "HangingProtocolUserGroupName",
    "NumberOfScreens",
    "NominalScreenDefinitionSequence",
)
_IMPLANT_TEMPLATES: Final = _kind(
    "implant-templates",
    # Generic, of assemblies, groups.
    ("1.2.840.10008.5.1.4.43.1", "1.2.840.10008.5.1.4.44.1", "1.2.840.10008.5.1.4.45.1"),
    # PS3.4 Section BB.6.
    "Manufacturer",
    "ImplantName",
    "ImplantSize",
    "ImplantPartNumber",
    "ImplantTemplateVersion",
    "ImplantTypeCodeSequence",
    "ImplantTargetAnatomySequence",
    "ImplantRegulatoryDisapprovalCodeSequence",
    "EffectiveDateTime",
    "ReplacedImplantTemplateSequence",
    "OriginalImplantTemplateSequence",
    "ImplantAssemblyTemplateName",
    "ImplantAssemblyTemplateIssuer",
    "ImplantAssemblyTemplateVersion",
    "ImplantAssemblyTemplateType",
    "ReplacedImplantAssemblyTemplateSequence",
    "ProcedureTypeCodeSequence",
    "SurgicalTechnique",
    "ImplantTemplateGroupName",
    "ImplantTemplateGroupDescription",
    "ImplantTemplateGroupIssuer",
    "ImplantTemplateGroupVersion",
    "ReplacedImplantTemplateGroupSequence",
)
_DEFINED_PROCEDURE_PROTOCOLS: Final = _kind(
    "defined-procedure-protocols",
    # CT, XA.
    ("1.2.840.10008.5.1.4.1.1.200.1", "1.2.840.10008.5.1.4.1.1.200.7"),
    # PS3.4 Section HH.6.
    *_CONTENT,
    "Modality",
    "Manufacturer",
    "ModelSpecificationSequence",
    "ProtocolName",
    "CustodialOrganizationSequence",
    "ResponsibleGroupCodeSequence",
    "PotentialScheduledProtocolCodeSequence",
    "PotentialRequestedProcedureCodeSequence",
    "PotentialReasonsForProcedure",
    "PotentialReasonsForProcedureCodeSequence",
    "PotentialDiagnosticTasks",
    "PredecessorProtocolSequence",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
)
_PROTOCOL_APPROVALS: Final = _kind(
    "protocol-approvals",
    ("1.2.840.10008.5.1.4.1.1.200.3",),
    # PS3.4 Section II.6.
    "ApprovalSubjectSequence",
    "ApprovalSequence",
    "InstitutionName",
)
_INVENTORIES: Final = _kind(
    "inventories",
    ("1.2.840.10008.5.1.4.1.1.201.1",),
    # PS3.4 Section JJ.3.
    "ContentDate",
    "ContentTime",
    "InventoryPurpose",
    "InventoryInstanceDescription",
    "InventoryLevel",
    "ItemInventoryDateTime",
    "InventoryCompletionStatus",
    "ScopeOfInventorySequence",
    "TotalNumberOfStudyRecords",
    "NumberOfStudyRecordsInInstance",
)
KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        COLOR_PALETTES,
        _DEFINED_PROCEDURE_PROTOCOLS,
        _HANGING_PROTOCOLS,
        _IMPLANT_TEMPLATES,
        _INVENTORIES,
        _PROTOCOL_APPROVALS,
    )
}
"""The kinds by their names."""

_BY_CLASS: Final = {sop_class: kind for kind in KINDS.values() for sop_class in kind.sop_classes}
# Well-known SOP Instances have UIDs of the standard (PS3.6 Table A-1).
_STANDARD_PALETTES: Final = "1.2.840.10008.1.5."


def is_non_patient(sop_class_uid: str) -> bool:
    """Tell whether objects of this SOP class belong to no patient, and have no study and no series."""
    return sop_class_uid in _BY_CLASS


def kind_of(sop_class_uid: str) -> Kind:
    """Return the kind of objects of a SOP class that belongs to no patient."""
    return _BY_CLASS[sop_class_uid]


def is_well_known(sop_instance_uid: str) -> bool:
    """Tell whether the standard itself defines this object, which nobody else can store (PS3.6 Annex B)."""
    return sop_instance_uid.startswith(_STANDARD_PALETTES)
