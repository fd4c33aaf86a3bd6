package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;
import org.mobilevos.core.Mask;

public final class MiddlesTest {
    private final Middles middles = new Middles();
    private final ViewMap map = new ViewMap(400, 400, 400, 400);

    @Test
    public void theNumberOfALargeObjectIsInItsMiddle() {
        middles.find(mask(100, 300, 100, 300));
        assertEquals(200, middles.viewX(7, map), 5);
        assertEquals(200, middles.viewY(7, map, 20), 5);
        assertFalse(middles.has(1));
        middles.clear();
        assertFalse(middles.has(7));
    }

    @Test
    public void theNumberOfASmallObjectIsAboveIt() {
        middles.find(mask(200, 240, 200, 240));
        assertTrue(middles.has(7));
        assertEquals(220, middles.viewX(7, map), 5);
        assertEquals(180, middles.viewY(7, map, 20), 5);
    }

    @Test
    public void aNumberStaysInTheView() {
        middles.find(mask(200, 240, 8, 40));
        assertEquals(24, middles.viewY(7, map, 20), 5);
    }

    private static Mask mask(int left, int right, int top, int bottom) {
        Mask mask = new Mask(400, 400);
        for (int row = top; row < bottom; row++) {
            for (int column = left; column < right; column++) {
                mask.ids[row * 400 + column] = 7;
            }
        }
        return mask;
    }
}
