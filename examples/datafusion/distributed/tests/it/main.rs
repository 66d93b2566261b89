//! The program as it is built, in real processes on loopback: killed, refused, stopped, and compared with one process alone.

mod killed;
mod processes;
mod refused;
mod run;
mod seen;
mod stopped;
