package org.mobilevos.demo.logic;

/**
 * Hands things from one thread to another that may be slower: only the newest waits. For any thread.
 *
 * @param <T> what is handed over
 */
public final class Newest<T> {
    private T waiting;
    private int replaced;

    /** Lets a thing wait, or none (null), instead of the one before, which is given back; null where none waited. */
    public synchronized T put(T thing) {
        T before = waiting;
        waiting = thing;
        if (before != null) {
            replaced++;
        }
        return before;
    }

    /** Takes what waits; null where nothing does. */
    public synchronized T take() {
        T thing = waiting;
        waiting = null;
        return thing;
    }

    /** How many things were replaced before they were taken, since this was asked the last time. */
    public synchronized int replaced() {
        int count = replaced;
        replaced = 0;
        return count;
    }
}
