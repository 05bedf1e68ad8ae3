//! My day.

pub mod my_day;
