//! The queue in which outcomes wait for the caller, and the descriptor that says so.
//!
//! Invariant: the descriptor is readable exactly while the queue is not empty. The descriptor changes only when the queue
//! becomes empty or stops being so, and under the same lock, so that neither a wake-up is lost nor a false one left over.

use crate::{ask::Answer, errors::Failure};
use std::{
    collections::VecDeque,
    io,
    os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What became of one submission or question.
pub struct Completion {
    pub token: u64,
    pub failure: Option<Failure>,
    /// Of a question.
    pub answer: Answer,
}

/// Filled by the runtime's threads, emptied by the caller's.
pub struct Completions {
    queue: Mutex<VecDeque<Completion>>,
    event: OwnedFd,
}

impl Completions {
    pub fn new() -> io::Result<Completions> {
        // SAFETY: eventfd() takes no pointers, and a descriptor that it returns is ours alone.
        let event = unsafe {
            match libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) {
                -1 => return Err(io::Error::last_os_error()),
                fd => OwnedFd::from_raw_fd(fd),
            }
        };
        Ok(Completions { queue: Mutex::default(), event })
    }

    pub fn fd(&self) -> RawFd {
        self.event.as_raw_fd()
    }

    pub fn push(&self, completion: Completion) {
        let mut queue = self.lock();
        queue.push_back(completion);
        if queue.len() == 1 {
            self.raise();
        }
    }

    /// Hands up to `limit` completions to `take`, waiting up to `timeout` for the first (`None`: without limit).
    /// Returns how many there were; 0 also where a signal ended the wait.
    pub fn drain(&self, limit: usize, timeout: Option<Duration>, mut take: impl FnMut(usize, Completion)) -> usize {
        if limit == 0 {
            return 0;
        }
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            let mut queue = self.lock();
            if !queue.is_empty() {
                let count = queue.len().min(limit);
                for (index, completion) in queue.drain(..count).enumerate() {
                    take(index, completion);
                }
                if queue.is_empty() {
                    self.lower();
                }
                return count;
            }
            drop(queue);
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || !self.wait(left) {
                return 0;
            }
        }
    }

    /// True where the descriptor became readable or the time may not be over; false where a signal came.
    fn wait(&self, timeout: Option<Duration>) -> bool {
        // Rounded up, or the last millisecond would be a busy loop.
        let millis = timeout.map_or(-1, |timeout| timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32);
        let mut interest = libc::pollfd { fd: self.fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: `interest` is one valid pollfd.
        unsafe { libc::poll(&mut interest, 1, millis) >= 0 }
    }

    fn raise(&self) {
        let one = 1u64;
        // SAFETY: eight readable bytes, as eventfd wants them. It cannot fail below 2^64 - 1 events.
        unsafe { libc::write(self.fd(), (&raw const one).cast(), size_of::<u64>()) };
    }

    fn lower(&self) {
        let mut count = 0u64;
        // SAFETY: eight writable bytes. The descriptor does not block.
        unsafe { libc::read(self.fd(), (&raw mut count).cast(), size_of::<u64>()) };
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Completion>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
