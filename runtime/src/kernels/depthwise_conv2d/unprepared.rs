//! For cores whose innermost sums want nothing prepared for a group of channels.

use core::mem::MaybeUninit;

use super::Kernel;

/// What is prepared: nothing.
pub(crate) type Prepared = ();

/// Prepares nothing.
#[inline(always)]
pub(crate) unsafe fn prepare<'a>(_: &Kernel, _: &'a mut MaybeUninit<()>) -> &'a () {
    &()
}
