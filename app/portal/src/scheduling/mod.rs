//! Appointments.

pub mod appointments;
