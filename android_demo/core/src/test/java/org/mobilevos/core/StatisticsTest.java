package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** Percentiles as NumPy has them, of the last values only, without an allocation. */
public class StatisticsTest {
    @Test
    public void percentilesAreNumPys() throws Exception {
        JSONObject wanted = SelectionGoldens.index().getJSONObject("percentiles");
        Statistics statistics = new Statistics(wanted.getInt("capacity"));
        JSONArray values = wanted.getJSONArray("values");
        for (int index = 0; index < values.length(); index++) {
            statistics.add(values.getDouble(index));
        }
        assertEquals(wanted.getInt("capacity"), statistics.count());
        JSONArray shares = wanted.getJSONArray("shares");
        for (int index = 0; index < shares.length(); index++) {
            double percentile = wanted.getJSONArray("percentiles").getDouble(index);
            assertEquals(percentile, statistics.percentile(shares.getDouble(index)), 1e-9);
        }
        assertEquals(wanted.getDouble("mean"), statistics.mean(), 1e-9);
    }

    @Test
    public void theOldestValueGoesFirst() {
        Statistics statistics = new Statistics(3);
        assertTrue(Double.isNaN(statistics.percentile(0.5)) && Double.isNaN(statistics.mean()));
        for (double value : new double[] {5, 1, 5, 2}) {
            statistics.add(value);
        }
        assertArrayEquals(new double[] {1, 5, 2}, statistics.values(), 0);
        assertEquals(2, statistics.percentile(0.5), 0);
        statistics.clear();
        assertEquals(0, statistics.count());
        statistics.add(9);
        assertEquals(9, statistics.percentile(0.95), 0);
    }

    @Test(expected = InvalidInputException.class)
    public void aShareIsNoPercentage() {
        new Statistics(1).percentile(95);
    }

    @Test(expected = InvalidInputException.class)
    public void noRoomIsAnError() {
        new Statistics(0);
    }

    @Test
    public void nothingIsAllocated() {
        final Statistics statistics = new Statistics(600);
        Allocations.assertNone(new Runnable() {
            @Override
            public void run() {
                assertTrue(fill(statistics) > 0);
            }
        });
    }

    /** Rising values, falling ones and a mixture: what a sort would treat in different ways. */
    private static double fill(Statistics statistics) {
        double sum = 0;
        for (int index = 0; index < 2400; index++) {
            statistics.add(index < 800 ? index : index < 1600 ? 1600 - index : index * 7919 % 1009);
            sum += statistics.percentile(0.95) + statistics.mean();
        }
        return sum;
    }
}
