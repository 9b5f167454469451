//! Memory of which nothing is left once it is given back, for many secrets at a time.

use std::ops::{Deref, DerefMut};

use zeroize::optimization_barrier;

/// A buffer that is overwritten when it is dropped, at the speed of filling memory.
///
/// What it leaves behind where it moves as it grows is not: give it room before it is filled.
#[derive(Default)]
pub struct Wiped<B: Wipe>(B);

/// A buffer that can be overwritten.
pub trait Wipe {
    /// Overwrites all of its memory, the part that is not in use included.
    fn wipe(&mut self);
}

impl<B: Wipe> Wiped<B> {
    /// Takes a buffer.
    pub fn new(buffer: B) -> Self {
        Self(buffer)
    }
}

impl<T: Copy + Default> Wipe for Vec<T> {
    fn wipe(&mut self) {
        self.resize(self.capacity(), T::default());
        self.fill(T::default());
        // Nobody reads it again, which is no reason to leave it out.
        optimization_barrier(self.as_slice());
    }
}

impl Wipe for String {
    fn wipe(&mut self) {
        let mut bytes = std::mem::take(self).into_bytes();
        bytes.wipe();
        // Zeros are text, so that the memory stays where it can be looked at.
        *self = Self::from_utf8(bytes).unwrap_or_default();
    }
}

impl<B: Wipe> Drop for Wiped<B> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

impl<B: Wipe> Deref for Wiped<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.0
    }
}

impl<B: Wipe> DerefMut for Wiped<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn all_of_a_buffer_is_overwritten_and_it_does_not_move() {
        let mut bytes = b"s3cret".to_vec();
        bytes.reserve_exact(10);
        bytes.truncate(2);
        let (place, room) = (bytes.as_ptr(), bytes.capacity());

        bytes.wipe();

        assert_eq!((bytes.as_ptr(), bytes.capacity()), (place, room));
        assert_eq!(bytes, vec![0; room]);
    }

    #[test]
    fn a_text_is_overwritten_too() {
        let mut text = String::from("s3cret");
        let (place, room) = (text.as_ptr(), text.capacity());

        text.wipe();

        assert_eq!(text.as_ptr(), place);
        assert_eq!(text, "\0".repeat(room));
    }

    #[test]
    fn it_is_overwritten_when_it_is_dropped() {
        struct Told(Arc<AtomicBool>);

        impl Wipe for Told {
            fn wipe(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }

        let wiped = Arc::new(AtomicBool::new(false));
        drop(Wiped::new(Told(Arc::clone(&wiped))));

        assert!(wiped.load(Ordering::Relaxed));
    }
}
