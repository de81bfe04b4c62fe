"""A report on one's own images: what the camera does to them, and whether the HR images are sharper."""

from cyclesr.inference.measurement.findings import Finding, camera_findings, findings
from cyclesr.inference.measurement.report import (
    FolderMeasurement,
    HRMeasurement,
    MeasurementReport,
    measure_folders,
)
from cyclesr.inference.measurement.writing import write_report

__all__ = [
    "Finding",
    "FolderMeasurement",
    "HRMeasurement",
    "MeasurementReport",
    "camera_findings",
    "findings",
    "measure_folders",
    "write_report",
]
