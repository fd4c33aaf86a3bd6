package org.mobilevos.core;

import java.util.Arrays;

/** The last values of a measurement, in memory that is taken once. For use in one thread at a time. */
public final class Statistics {
    private final double[] values;
    /** The same in ascending order, kept so with each value: sorting would allocate. */
    private final double[] sorted;
    private int next;
    private int count;

    /**
     * No values yet.
     *
     * @param capacity how many of the last values count, 1 or more
     * @throws InvalidInputException a capacity under 1
     */
    public Statistics(int capacity) {
        if (capacity < 1) {
            throw new InvalidInputException("a statistic of " + capacity + " values holds none; give 1 or more");
        }
        values = new double[capacity];
        sorted = new double[capacity];
    }

    /** Adds a value; the oldest one goes where there is no more room. */
    public void add(double value) {
        int kept = count;
        if (count == values.length) {
            int oldest = Arrays.binarySearch(sorted, values[next]);
            kept--;
            System.arraycopy(sorted, oldest + 1, sorted, oldest, kept - oldest);
        }
        int found = Arrays.binarySearch(sorted, 0, kept, value);
        int place = found < 0 ? -1 - found : found;
        System.arraycopy(sorted, place, sorted, place + 1, kept - place);
        sorted[place] = value;
        count = kept + 1;
        values[next] = value;
        next = (next + 1) % values.length;
    }

    /** How many values count. */
    public int count() {
        return count;
    }

    /** Forgets all values. */
    public void clear() {
        next = 0;
        count = 0;
    }

    /**
     * A percentile, interpolated between neighbours.
     *
     * @param share of the values that are below, 0 to 1: 0.5 is the median
     * @return not a number where there is no value
     * @throws InvalidInputException a share out of range
     */
    public double percentile(double share) {
        if (!(share >= 0 && share <= 1)) {
            throw new InvalidInputException("there is no percentile " + share + "; give a share of 0 to 1");
        }
        if (count == 0) {
            return Double.NaN;
        }
        double position = share * (count - 1);
        int low = (int) position;
        int high = Math.min(low + 1, count - 1);
        return sorted[low] + (position - low) * (sorted[high] - sorted[low]);
    }

    /** The mean; not a number where there is no value. */
    public double mean() {
        double sum = 0;
        for (int index = 0; index < count; index++) {
            sum += values[index];
        }
        return count == 0 ? Double.NaN : sum / count;
    }

    /** A copy of the values, oldest first. */
    public double[] values() {
        double[] copy = new double[count];
        int oldest = count < values.length ? 0 : next;
        for (int index = 0; index < count; index++) {
            copy[index] = values[(oldest + index) % values.length];
        }
        return copy;
    }
}
