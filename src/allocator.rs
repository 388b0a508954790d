//! A caching allocator for large pieces of memory.
//!
//! Every task takes blocks of megabytes and gives them back. The system's allocator returns such pieces to the kernel at
//! once, which clears each page before it gives it out again: a third of the time of an elementwise chain. This one
//! keeps them for the next task. A piece that is given back while more is in use and kept than the budget of the run goes back
//! to the system, and a new piece drives out kept ones: so keeping pieces takes no run over its budget.
//!
//! Pieces have sizes of eight steps per doubling. Each thread prefers the pieces that it gave back itself: the lists are
//! divided into shards, and no lock or counter is shared by all threads while pieces go round.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Pieces of so many bytes and more are ours; the rest is the system allocator's.
const LARGE: usize = 1 << LARGE_BITS;
const LARGE_BITS: u32 = 16;
const PAGE: usize = 4096;
/// Steps per doubling, as a power of two.
const STEP_BITS: u32 = 3;
const CLASSES: usize = ((usize::BITS - LARGE_BITS) as usize) << STEP_BITS;
const SHARDS: usize = 64;
/// Pieces of so many bytes and more ask for large pages, which take a fraction of the time to hand out.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;
/// What is kept before a run says how much.
const LIMIT: usize = 64 << 20;

/// Keeps what it is given back.
pub struct CachingAllocator {
    shards: [Mutex<Shard>; SHARDS],
    mapped: AtomicUsize,
    limit: AtomicUsize,
}

/// Free pieces, a linked list per class: each begins with the address of the next.
struct Shard {
    heads: [*mut u8; CLASSES],
}

// SAFETY: a shard owns the free pieces that it points to; nobody else does.
unsafe impl Send for Shard {}

/// The one of programs, which [`limit_memory`] sets.
#[cfg_attr(feature = "cli", global_allocator)]
static ALLOCATOR: CachingAllocator = CachingAllocator::new();

/// Pieces are kept as long as they and those in use take no more than so many bytes.
pub fn limit_memory(bytes: u64) {
    ALLOCATOR.limit(usize::try_from(bytes).unwrap_or(usize::MAX));
}

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Threads that have a shard.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// A type of which any bits are a value.
///
/// # Safety
/// It is as said, and without padding.
pub unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($type:ty)*) => {
        // SAFETY: numbers are.
        $(unsafe impl Plain for $type {})*
    };
}

plain!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 half::f16 num_complex::Complex32 num_complex::Complex64);

/// Elements of no particular values, for who writes them all: those that large pieces had before, else zeros.
pub fn unset<T: Plain>(count: usize) -> Vec<T> {
    let layout = Layout::array::<T>(count).expect("fewer bytes than can be addressed");
    if !cfg!(feature = "cli") || !is_ours(layout) {
        // SAFETY: zero bits are a value too.
        let mut elements: Vec<T> = vec![unsafe { std::mem::zeroed() }; count];
        if cfg!(test) {
            // SAFETY: any bytes are elements.
            unsafe { elements.as_mut_ptr().write_bytes(0xA5, count) };
        }
        return elements;
    }
    let class = class_of(layout.size());
    let piece = ALLOCATOR.kept(class).or_else(|| NonNull::new(given(ALLOCATOR.map(class))));
    let piece = piece.unwrap_or_else(|| std::alloc::handle_alloc_error(layout));
    if cfg!(test) {
        // SAFETY: the piece is ours and at least that long.
        unsafe { piece.write_bytes(0xA5, layout.size()) };
    }
    // SAFETY: the piece comes from the global allocator as one of this layout does, and begins at a page. Its bytes were
    // written by the system or by those who had it, and any bytes are elements.
    unsafe { Vec::from_raw_parts(piece.cast::<T>().as_ptr(), count, count) }
}

/// The shard of this thread.
fn own_shard() -> usize {
    let known = SHARD.try_with(Cell::get).unwrap_or(0);
    if known < SHARDS {
        return known;
    }
    let new = THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS;
    let _ = SHARD.try_with(|shard| shard.set(new));
    new
}

/// The number of the smallest class that holds `size` bytes.
fn class_of(size: usize) -> usize {
    let above = size.max(LARGE) - 1;
    let bits = usize::BITS - 1 - above.leading_zeros();
    let doubling = (bits.max(LARGE_BITS) - LARGE_BITS) as usize;
    if above < LARGE {
        return 0;
    }
    let step = (above >> (bits - STEP_BITS)) & ((1 << STEP_BITS) - 1);
    (doubling << STEP_BITS) + step + 1
}

/// Bytes of the pieces of a class.
fn class_size(class: usize) -> usize {
    let (doubling, step) = (class >> STEP_BITS, class & ((1 << STEP_BITS) - 1));
    ((1 << STEP_BITS) + step) << (doubling + (LARGE_BITS - STEP_BITS) as usize)
}

impl Default for CachingAllocator {
    fn default() -> Self {
        Self::new()
    }
}

impl CachingAllocator {
    /// One that keeps nothing yet.
    pub const fn new() -> Self {
        CachingAllocator {
            shards: [const { Mutex::new(Shard { heads: [null_mut(); CLASSES] }) }; SHARDS],
            mapped: AtomicUsize::new(0),
            limit: AtomicUsize::new(LIMIT),
        }
    }

    /// Keeps pieces as long as they and those in use take no more than `bytes`.
    pub fn limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
        self.release(0);
    }

    /// Bytes taken from the system: in use and kept.
    pub fn mapped(&self) -> usize {
        self.mapped.load(Ordering::Relaxed)
    }

    /// The shards that threads have.
    fn shards(&self) -> &[Mutex<Shard>] {
        &self.shards[..THREADS.load(Ordering::Relaxed).clamp(1, SHARDS)]
    }

    /// A free piece of `class`.
    fn kept(&self, class: usize) -> Option<NonNull<u8>> {
        let own = own_shard();
        let first = lock(&self.shards[own]).pop(class);
        first.or_else(|| self.shards().iter().filter_map(try_lock).find_map(|mut shard| shard.pop(class)))
    }

    /// A new piece of `class`, all zero.
    fn map(&self, class: usize) -> *mut u8 {
        let size = class_size(class);
        self.release(size);
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping overlaps nothing.
        let map = || unsafe { libc::mmap(null_mut(), size, access, kind, -1, 0) };
        let mut piece = map();
        if piece == libc::MAP_FAILED {
            self.release(usize::MAX);
            piece = map();
        }
        if piece == libc::MAP_FAILED {
            return null_mut();
        }
        self.mapped.fetch_add(size, Ordering::Relaxed);
        #[cfg(target_os = "linux")]
        if size >= HUGE_PAGE {
            // SAFETY: the mapping is ours; advice that is not taken does no harm.
            unsafe { libc::madvise(piece, size, libc::MADV_HUGEPAGE) };
        }
        piece.cast()
    }

    /// Gives a piece back to the system.
    fn unmap(&self, piece: NonNull<u8>, class: usize) {
        let size = class_size(class);
        // SAFETY: the piece was mapped with this size, and nobody uses it.
        unsafe { libc::munmap(piece.as_ptr().cast(), size) };
        self.mapped.fetch_sub(size, Ordering::Relaxed);
    }

    /// Gives free pieces back, the largest of a shard first, until `more` bytes can be taken within the limit.
    fn release(&self, more: usize) {
        let is_over = || self.mapped().saturating_add(more) > self.limit.load(Ordering::Relaxed);
        for shard in self.shards().iter().take_while(|_| is_over()) {
            let mut shard = lock(shard);
            for class in (0..CLASSES).rev() {
                while let Some(piece) = is_over().then(|| shard.pop(class)).flatten() {
                    self.unmap(piece, class);
                }
            }
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock(shard: &Mutex<Shard>) -> Option<MutexGuard<'_, Shard>> {
    match shard.try_lock() {
        Ok(shard) => Some(shard),
        Err(TryLockError::Poisoned(shard)) => Some(shard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Shard {
    fn pop(&mut self, class: usize) -> Option<NonNull<u8>> {
        let piece = NonNull::new(self.heads[class])?;
        // SAFETY: `push` wrote the address of the next piece there, and the piece is ours since.
        self.heads[class] = unsafe { piece.cast::<*mut u8>().read() };
        Some(piece)
    }

    fn push(&mut self, piece: NonNull<u8>, class: usize) {
        // SAFETY: the piece was given back, is larger than an address and begins at a page.
        unsafe { piece.cast::<*mut u8>().write(self.heads[class]) };
        self.heads[class] = piece.as_ptr();
    }
}

fn is_ours(layout: Layout) -> bool {
    layout.size() >= LARGE && layout.align() <= PAGE && layout.size() <= isize::MAX as usize / 2
}

/// A piece that the system gave; where it gave none there is nothing a program can go on with, so it says so and ends with the exit code
/// of what could not be read or written. Files are left as they are: those of a run tell how far it came.
fn given(piece: *mut u8) -> *mut u8 {
    if piece.is_null() && cfg!(feature = "cli") {
        const TEXT: &[u8] =
            b"error: the system gives no more memory; use a smaller `--memory`, or raise its limit (`ulimit -v`)\n";
        // SAFETY: the text is valid for its length; leaving at once runs nothing that would ask for memory.
        unsafe {
            libc::write(2, TEXT.as_ptr().cast(), TEXT.len());
            libc::_exit(3);
        }
    }
    piece
}

// SAFETY: pieces begin at a page, are as long as their class, and belong to one caller until he gives them back.
unsafe impl GlobalAlloc for CachingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_ours(layout) {
            // SAFETY: the caller's promises are those of the system's allocator.
            return given(unsafe { System.alloc(layout) });
        }
        let class = class_of(layout.size());
        given(self.kept(class).map_or_else(|| self.map(class), NonNull::as_ptr))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !is_ours(layout) {
            // SAFETY: as in `alloc`.
            return given(unsafe { System.alloc_zeroed(layout) });
        }
        let class = class_of(layout.size());
        let Some(piece) = self.kept(class) else { return given(self.map(class)) };
        // SAFETY: the piece is ours and at least that long.
        unsafe { piece.write_bytes(0, layout.size()) };
        piece.as_ptr()
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if !is_ours(layout) {
            // SAFETY: as in `alloc`, where the same layout gave the same answer.
            return unsafe { System.dealloc(piece, layout) };
        }
        let (Some(piece), class) = (NonNull::new(piece), class_of(layout.size())) else { return };
        if self.mapped() > self.limit.load(Ordering::Relaxed) {
            return self.unmap(piece, class);
        }
        lock(&self.shards[own_shard()]).push(piece, class);
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that this is a layout.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_ours(layout), is_ours(new)) {
            // SAFETY: as in `alloc`.
            (false, false) => return given(unsafe { System.realloc(piece, layout, size) }),
            (true, true) if class_of(layout.size()) == class_of(size) => return piece,
            _ => {}
        }
        // SAFETY: both pieces are valid for the shorter of the two sizes and do not overlap.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                piece.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(piece, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn a_class_holds_its_sizes_and_wastes_an_eighth_at_most() {
        for size in (LARGE..4 * LARGE).chain((4 * LARGE..1 << 30).step_by(1_234_567)) {
            let class = class_of(size);
            assert!(class_size(class) >= size && class_size(class).is_multiple_of(PAGE), "{size}");
            assert!(class == 0 || class_size(class - 1) < size, "{size}");
            assert!(class_size(class) - size <= size / 8, "{size}");
        }
    }

    #[test]
    fn pieces_are_used_again_within_the_limit() {
        let allocator = CachingAllocator::new();
        allocator.limit(3 << 20);
        // SAFETY: every piece is given back once, with its layout.
        unsafe {
            let first = allocator.alloc(layout(1 << 20));
            first.write_bytes(7, 1 << 20);
            allocator.dealloc(first, layout(1 << 20));
            assert_eq!(allocator.mapped(), 1 << 20);
            let again = allocator.alloc_zeroed(layout((1 << 20) - 100));
            assert_eq!(again, first);
            assert!((0..(1 << 20) - 100).all(|i| *again.add(i) == 0));
            let large = allocator.alloc(layout(4 << 20));
            assert_eq!(allocator.mapped(), 5 << 20);
            allocator.dealloc(again, layout((1 << 20) - 100));
            assert_eq!(allocator.mapped(), 4 << 20);
            allocator.dealloc(large, layout(4 << 20));
            assert_eq!(allocator.mapped(), 0);
            let kept = allocator.alloc(layout(2 << 20));
            allocator.dealloc(kept, layout(2 << 20));
            let other = allocator.alloc(layout(5 << 19));
            assert_eq!(allocator.mapped(), 5 << 19, "what was kept made room");
            allocator.dealloc(other, layout(5 << 19));
            allocator.limit(0);
            assert_eq!(allocator.mapped(), 0);
        }
    }

    #[test]
    fn pieces_grow_and_shrink_with_what_they_hold() {
        let allocator = CachingAllocator::new();
        // SAFETY: every piece is given back once, with its layout.
        unsafe {
            let mut size = 1000;
            let mut piece = allocator.alloc(layout(size));
            (0..size).for_each(|i| *piece.add(i) = i as u8);
            for new in [70_000, 70_001, 1 << 20, 100_000, 500] {
                piece = allocator.realloc(piece, layout(size), new);
                size = new;
                assert!((0..500).all(|i| *piece.add(i) == i as u8), "{new}");
            }
            allocator.dealloc(piece, layout(size));
        }
    }

    #[test]
    fn threads_share_no_piece() {
        let allocator = &CachingAllocator::new();
        let work = |mark: u8| {
            for round in 0..500usize {
                let size = LARGE + (round * 7919) % (3 * LARGE);
                // SAFETY: the piece is given back once, with its layout.
                unsafe {
                    let piece = allocator.alloc(layout(size));
                    piece.write_bytes(mark, size);
                    assert!((0..size).step_by(997).all(|i| *piece.add(i) == mark));
                    allocator.dealloc(piece, layout(size));
                }
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|mark| drop(scope.spawn(move || work(mark)))));
    }
}
