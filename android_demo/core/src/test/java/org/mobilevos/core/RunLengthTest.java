package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.util.Arrays;
import java.util.Random;
import org.junit.Test;

public class RunLengthTest {
    @Test
    public void masksComeBack() {
        Random random = new Random(0);
        for (int round = 0; round < 50; round++) {
            Mask mask = new Mask(1 + random.nextInt(60), 1 + random.nextInt(40));
            int longest = 1 + random.nextInt(100);
            for (int at = 0; at < mask.ids.length;) {
                int end = Math.min(at + 1 + random.nextInt(longest), mask.ids.length);
                Arrays.fill(mask.ids, at, end, (byte) (random.nextBoolean() ? 0 : random.nextInt(256)));
                at = end;
            }
            Mask back = new Mask(mask.width, mask.height);
            Arrays.fill(back.ids, (byte) 77);
            RunLength.decode(RunLength.encode(mask), back);
            assertArrayEquals(mask.ids, back.ids);
        }
    }

    @Test
    public void runsGoOnInTheNextRow() {
        Mask mask = new Mask(4, 3, new byte[] {0, 0, 7, 7, 7, 0, (byte) 200, 0, 0, 0, 0, 7});
        assertArrayEquals(new int[] {4, 3, 7, 2, 2, 3, 11, 1, 200, 1, 6, 1}, RunLength.encode(mask));
        assertArrayEquals(new int[] {4, 3}, RunLength.encode(new Mask(4, 3)));
    }

    @Test
    public void damageIsFound() {
        refused(4);
        refused(3, 4);
        refused(4, 3, 7); // cut off
        refused(4, 3, 7, 1, 2);
        refused(4, 3, 7, 2, 2, 3);
        refused(4, 3, 7, Integer.MAX_VALUE, 2, 3);
        refused(4, 3, 0, 1, 2, 3); // the background has no runs
        refused(4, 3, 256, 1, 2, 3);
        refused(4, 3, 7, 0);
        refused(4, 3, 7, 1, 2, 3, 7, 1, 8, 1); // an object twice
        refused(4, 3, 7, 1, -1, 3);
        refused(4, 3, 7, 1, 2, 0);
        refused(4, 3, 7, 1, 2, 11);
        refused(4, 3, 7, 1, 2, Integer.MAX_VALUE);
        refused(4, 3, 7, 1, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static void refused(int... runs) {
        try {
            RunLength.decode(runs, new Mask(4, 3));
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().startsWith("the runs are "));
            return;
        }
        fail("damaged runs were taken: " + Arrays.toString(runs));
    }
}
