//! The types of `bridge.h`, field for field, and the conversions at the border.
//!
//! Everything that trusts a caller's pointer is here or in `lib.rs`; the other modules are safe Rust, but for two system calls and one of
//! OpenSSL's.

use crate::errors::{Code, Failure};
use std::{ffi::c_char, ptr, slice, str};

/// Bytes of an error's message, the NUL that ends it included.
const MESSAGE_CAPACITY: usize = 512;

/// A text that the caller owns on the way in and a handle owns on the way out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const c_char,
    length: usize,
}

impl Text {
    pub const EMPTY: Text = Text { data: ptr::null(), length: 0 };

    pub const fn lend(text: &str) -> Text {
        Text { data: text.as_ptr().cast(), length: text.len() }
    }

    /// The text, which must outlive `'a`. `what` names it for the message.
    ///
    /// # Safety
    /// `data` points to `length` readable bytes, or is NULL.
    pub unsafe fn borrow<'a>(self, what: &str) -> Result<&'a str, Failure> {
        if self.length == 0 {
            return Ok("");
        }
        if self.data.is_null() {
            return Err(Failure::argument(format!("the {what} is NULL but has a length")));
        }
        // SAFETY: the caller promises it.
        let bytes = unsafe { slice::from_raw_parts(self.data.cast::<u8>(), self.length) };
        str::from_utf8(bytes).map_err(|_| Failure::argument(format!("the {what} is not valid UTF-8")))
    }
}

#[repr(C)]
pub struct ErrorOut {
    code: i32,
    length: u32,
    message: [u8; MESSAGE_CAPACITY],
}

impl ErrorOut {
    /// Fills all fields in place, so that half a kilobyte is not moved about for every success.
    pub fn set(&mut self, failure: Option<&Failure>) {
        let (code, message) = match failure {
            Some(failure) => (failure.code, failure.message.as_str()),
            None => (Code::Ok, ""),
        };
        let mut length = message.len().min(MESSAGE_CAPACITY - 1);
        while !message.is_char_boundary(length) {
            length -= 1;
        }
        self.code = code as i32;
        self.length = length as u32;
        self.message[..length].copy_from_slice(&message.as_bytes()[..length]);
        self.message[length] = 0;
    }
}

#[repr(C)]
pub struct OptionsIn {
    pub contact_points: Text,
    pub username: Text,
    pub password: Text,
    pub ca_file: Text,
    pub certificate_file: Text,
    pub key_file: Text,
    pub consistency: Text,
    pub local_dc: Text,
    pub io_threads: u32,
    pub request_timeout_ms: u32,
    pub connect_timeout_ms: u32,
    pub version: Text,
}

#[repr(C)]
pub struct ColumnOut {
    name: Text,
    type_name: Text,
}

impl ColumnOut {
    pub fn lend(column: Option<&crate::types::Column>) -> ColumnOut {
        match column {
            Some(column) => ColumnOut { name: Text::lend(&column.name), type_name: Text::lend(&column.type_name) },
            None => ColumnOut { name: Text::EMPTY, type_name: Text::EMPTY },
        }
    }
}

#[repr(C)]
pub struct RowsIn {
    cells: *const u8,
    length: usize,
    pub count: u32,
}

impl RowsIn {
    /// The cells, which must outlive `'a`.
    ///
    /// # Safety
    /// `cells` points to `length` readable bytes, or is NULL.
    pub unsafe fn cells<'a>(&self) -> Result<&'a [u8], Failure> {
        if self.cells.is_null() {
            return Err(Failure::argument("the rows have no cells"));
        }
        // SAFETY: the caller promises it.
        Ok(unsafe { slice::from_raw_parts(self.cells, self.length) })
    }
}

#[repr(C)]
pub struct CompletionOut {
    pub token: u64,
    pub error: ErrorOut,
    pub answer: PageOut,
}

#[repr(C)]
pub struct PageOut {
    cells: *const u8,
    length: usize,
    count: u32,
}

impl PageOut {
    pub fn lend(cells: &[u8], count: u32) -> PageOut {
        PageOut { cells: cells.as_ptr(), length: cells.len(), count }
    }
}

/// Puts an outcome into the two places where a C caller looks for it: the returned value, and `*error`.
///
/// # Safety
/// `error` points to a writable `bridge_error`, or is NULL.
pub unsafe fn report<T>(outcome: Result<T, Failure>, error: *mut ErrorOut, failed: T) -> T {
    // SAFETY: the caller promises it.
    if let Some(error) = unsafe { error.as_mut() } {
        error.set(outcome.as_ref().err());
    }
    outcome.unwrap_or(failed)
}

/// A pointer that the call cannot do without, as a reference.
///
/// # Safety
/// `pointer` is valid for `'a` and not used elsewhere meanwhile, or is NULL.
pub unsafe fn needed<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Failure> {
    // SAFETY: the caller promises it.
    unsafe { pointer.as_mut() }.ok_or_else(|| Failure::argument(format!("the {what} is NULL")))
}
