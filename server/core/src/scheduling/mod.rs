//! Appointments, the dispatch board, technicians and travel times.

pub mod appointments;
pub mod board;
pub mod gazetteer;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod technicians;
pub mod travel_times;
pub(crate) use self::store::appointments::NewAppointment;
pub use self::store::board::BoardJob;
pub use self::store::board::BoardVisit;
pub use self::store::technicians::AbsenceView;
pub use self::store::technicians::TechnicianView;
