package org.mobilevos.core;

/** How an {@link Engine} shall run. */
public final class EngineOptions {
    /** What runs the graphs. */
    public enum Delegate {
        CPU,
        GPU
    }

    public final Delegate delegate;
    /** CPU threads, 1 or more. */
    public final int threads;
    /** Whether a GPU may compute in 16 bits. */
    public final boolean halfPrecision;
    /** Whether to choose a speed that a phone can keep up for minutes, where the runtime knows of one. */
    public final boolean sustainedSpeed;
    /** A folder for compiled kernels, so that the next start is faster; null: none are kept. */
    public final String kernelCache;

    /**
     * Options.
     *
     * @throws InvalidInputException fewer than one thread
     */
    public EngineOptions(
            Delegate delegate, int threads, boolean halfPrecision, boolean sustainedSpeed, String kernelCache) {
        if (threads < 1) {
            throw new InvalidInputException(threads + " threads were asked for; give 1 or more");
        }
        this.delegate = delegate;
        this.threads = threads;
        this.halfPrecision = halfPrecision;
        this.sustainedSpeed = sustainedSpeed;
        this.kernelCache = kernelCache;
    }

    /** The CPU with so many threads. */
    public static EngineOptions cpu(int threads) {
        return new EngineOptions(Delegate.CPU, threads, false, false, null);
    }
}
