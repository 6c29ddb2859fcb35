"""Vocabulary: the bare words of the Core Business Vocabulary 2.0, and the addresses they stand for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CBV: Final = "https://ref.gs1.org/cbv/"
GS1: Final = "https://gs1.org/voc/"


def _words(prefix: str, listed: str) -> Mapping[str, str]:
    """Bare word -> its address."""
    return MappingProxyType({word: prefix + word for word in listed.split()})


BIZ_STEPS: Final = _words(
    CBV + "BizStep-",
    """
    accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping
    """,
)
"""Business steps: what was being done."""

DISPOSITIONS: Final = _words(
    CBV + "Disp-",
    """
    active available completeness_inferred completeness_verified conformant container_closed container_open
    damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class
    mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other
    partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen
    unavailable unknown
    """,
)
"""Dispositions: the state that the items are in afterwards."""

TRANSACTION_TYPES: Final = _words(
    CBV + "BTT-",
    """
    bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt
    """,
)
"""Kinds of business papers."""

ERROR_REASONS: Final = _words(
    CBV + "ER-",
    """
    did_not_occur incorrect_data
    """,
)
"""Why an earlier event is declared erroneous."""

PARTY_TYPES: Final = _words(
    CBV + "SDT-",
    """
    location owning_party possessing_party
    """,
)
"""What a source or destination is to the items."""

COMPONENTS: Final = _words(
    CBV + "Comp-",
    """
    altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle
    spherical_radius x y z
    """,
)
"""Parts of a measurement that has several."""

MEASUREMENTS: Final = _words(
    GS1,
    """
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
    SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
    VolumetricFlux Wavenumber
    """,
)
"""What a sensor measures (GS1 Web Vocabulary)."""

ALERTS: Final = _words(
    GS1,
    """
    ALARM_CONDITION ERROR_CONDITION
    """,
)
"""What a sensor warns of (GS1 Web Vocabulary)."""
