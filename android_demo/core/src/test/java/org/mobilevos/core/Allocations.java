package org.mobilevos.core;

import static org.junit.Assert.fail;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what a thread allocates. */
final class Allocations {
    private static final int ROUNDS = 50;
    // The JIT compiles in a thread of its own, later on a busy machine; code that is not compiled yet may allocate.
    private static final int MOST_WINDOWS = 200;

    private Allocations() {}

    /** Asserts that after a warm-up, whose length is the JIT's affair, fifty rounds in a row allocate not one byte. */
    static void assertNone(Runnable round) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        threads.getThreadAllocatedBytes(thread);
        long allocated = 0;
        for (int window = 0; window < MOST_WINDOWS; window++) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int index = 0; index < ROUNDS; index++) {
                round.run();
            }
            allocated = threads.getThreadAllocatedBytes(thread) - before;
            if (allocated == 0) {
                return;
            }
        }
        fail(ROUNDS + " rounds still allocate " + allocated + " bytes after " + MOST_WINDOWS * ROUNDS);
    }
}
