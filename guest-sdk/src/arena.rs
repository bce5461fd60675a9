//! The allocator of a policy. A decision's memory dies with the decision, so nearly nothing is ever given back: blocks
//! are cut from a static arena one after the other, and from newly grown memory when the arena is full. Memory that is
//! never grown is what makes a fresh sandbox per decision cheap.

/// Where the next block goes. Addresses only: it touches no memory, so that it can be tested anywhere.
#[derive(Debug, Default)]
struct Cursor {
    /// The first free address.
    next: usize,
    /// The first address behind the region.
    end: usize,
    /// Everything free from here on was never handed out, and is zero.
    clean: usize,
}

impl Cursor {
    /// Cuts a block; `None` when the region is full. `align` is a power of two.
    fn cut(&mut self, size: usize, align: usize) -> Option<usize> {
        let start = self.next.checked_add(align - 1)? & !(align - 1);
        let end = start.checked_add(size)?;
        if end > self.end {
            return None;
        }
        self.next = end;
        Some(start)
    }

    /// How many of a just cut block's first bytes may not be zero.
    fn dirty_bytes(&self, start: usize) -> usize {
        self.clean.min(self.next).saturating_sub(start)
    }

    /// Takes back a block if it is the last one.
    fn give_back(&mut self, start: usize, size: usize) {
        if start + size == self.next {
            self.clean = self.clean.max(self.next);
            self.next = start;
        }
    }

    /// Makes the last block larger where it is.
    fn extend(&mut self, start: usize, size: usize, new_size: usize) -> bool {
        let fits = start.checked_add(new_size).is_some_and(|end| end <= self.end);
        if start + size != self.next || !fits {
            return false;
        }
        self.clean = self.clean.max(self.next);
        self.next = start + new_size;
        true
    }

    /// Goes on in a region of fresh zeros, or makes this one longer when the two touch.
    fn enter(&mut self, start: usize, end: usize) {
        if start != self.end {
            self.next = start;
            self.clean = start;
        }
        self.end = end;
    }
}

#[cfg(target_arch = "wasm32")]
mod global {
    //! The one place with unsafe code: the allocator itself.

    use core::alloc::{GlobalAlloc, Layout};
    use core::arch::wasm32;
    use core::cell::UnsafeCell;
    use core::ptr;

    use super::Cursor;

    const ARENA_BYTES: usize = 96 * 1024;
    const PAGE_BYTES: usize = 64 * 1024;

    #[repr(C, align(16))]
    struct Bump {
        arena: UnsafeCell<[u8; ARENA_BYTES]>,
        cursor: UnsafeCell<Cursor>,
    }

    // SAFETY: the target has no threads (the `atomics` feature is off), so nothing is ever shared.
    unsafe impl Sync for Bump {}

    #[global_allocator]
    static BUMP: Bump = Bump {
        arena: UnsafeCell::new([0; ARENA_BYTES]),
        cursor: UnsafeCell::new(Cursor { next: 0, end: 0, clean: 0 }),
    };

    impl Bump {
        /// A block, and how many of its first bytes may not be zero.
        fn take(&self, layout: Layout) -> Option<(*mut u8, usize)> {
            // SAFETY: no other reference to the cursor is alive: every method ends its own before it returns or calls
            // another.
            let cursor = unsafe { &mut *self.cursor.get() };
            if cursor.end == 0 {
                let start = self.arena.get().expose_provenance();
                cursor.enter(start, start + ARENA_BYTES);
            }
            let start = match cursor.cut(layout.size(), layout.align()) {
                Some(start) => start,
                None => {
                    grow(cursor, layout)?;
                    cursor.cut(layout.size(), layout.align())?
                }
            };
            Some((ptr::with_exposed_provenance_mut(start), cursor.dirty_bytes(start)))
        }
    }

    fn grow(cursor: &mut Cursor, layout: Layout) -> Option<()> {
        let pages = layout.size().checked_add(layout.align())?.div_ceil(PAGE_BYTES);
        let before = wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return None;
        }
        let start = before * PAGE_BYTES;
        // The last page of a 4 GiB memory ends at 2^32, which an address cannot say.
        cursor.enter(start, start.checked_add(pages * PAGE_BYTES)?);
        Some(())
    }

    // SAFETY: blocks are inside the arena or grown memory, aligned, and cut from a cursor that only moves over the last
    // block when that block is given back or extended; so live blocks never overlap.
    unsafe impl GlobalAlloc for Bump {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.take(layout).map_or(ptr::null_mut(), |(block, _)| block)
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            let Some((block, dirty)) = self.take(layout) else { return ptr::null_mut() };
            // SAFETY: the block has at least `dirty` bytes, by `Cursor::dirty_bytes`.
            unsafe { block.write_bytes(0, dirty) };
            block
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: as in `take`.
            unsafe { &mut *self.cursor.get() }.give_back(block.addr(), layout.size());
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
            // A shrunk block keeps its tail.
            if new_size <= layout.size() {
                return block;
            }
            // SAFETY: as in `take`.
            if unsafe { &mut *self.cursor.get() }.extend(block.addr(), layout.size(), new_size) {
                return block;
            }
            // SAFETY: the caller promises that `new_size`, rounded up to the alignment, does not overflow.
            let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
            let Some((moved, _)) = self.take(new_layout) else { return ptr::null_mut() };
            // SAFETY: the old block has `layout.size()` bytes, the new one more, and they do not overlap.
            unsafe { moved.copy_from_nonoverlapping(block, layout.size()) };
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        let mut cursor = Cursor::default();
        cursor.enter(1_000, 2_000);
        cursor
    }

    #[test]
    fn blocks_are_aligned_and_apart() {
        let mut cursor = cursor();
        assert_eq!(cursor.cut(3, 1), Some(1_000));
        assert_eq!(cursor.cut(8, 8), Some(1_008));
        assert_eq!(cursor.cut(985, 1), None);
        assert_eq!(cursor.cut(984, 1), Some(1_016));
        assert_eq!(cursor.cut(usize::MAX, 16), None);
    }

    #[test]
    fn only_the_last_block_comes_back_and_is_dirty_then() {
        let mut cursor = cursor();
        cursor.cut(100, 1);
        cursor.cut(100, 1);
        cursor.give_back(1_000, 100);
        assert_eq!(cursor.next, 1_200);
        cursor.give_back(1_100, 100);
        assert_eq!(cursor.cut(150, 1), Some(1_100));
        assert_eq!(cursor.dirty_bytes(1_100), 100);
        assert_eq!(cursor.cut(10, 1), Some(1_250));
        assert_eq!(cursor.dirty_bytes(1_250), 0);
    }

    #[test]
    fn a_shrunk_block_does_not_give_back_what_it_lost() {
        let mut cursor = cursor();
        cursor.cut(100, 1);
        // Shrunk to 40 by its owner, who then frees 40 bytes: not the last block any more, so nothing moves.
        cursor.give_back(1_000, 40);
        assert_eq!(cursor.next, 1_100);
    }

    #[test]
    fn the_last_block_grows_in_place() {
        let mut cursor = cursor();
        cursor.cut(100, 1);
        assert!(cursor.extend(1_000, 100, 300));
        assert_eq!(cursor.cut(10, 1), Some(1_300));
        assert!(!cursor.extend(1_000, 300, 400));
        assert!(!cursor.extend(1_300, 10, 701));
    }

    #[test]
    fn a_new_region_is_clean_and_a_touching_one_goes_on() {
        let mut cursor = cursor();
        cursor.cut(900, 1);
        cursor.enter(2_000, 3_000);
        assert_eq!(cursor.cut(200, 1), Some(1_900));
        cursor.enter(8_000, 9_000);
        assert_eq!(cursor.cut(200, 1), Some(8_000));
        assert_eq!(cursor.dirty_bytes(8_000), 0);
    }
}
