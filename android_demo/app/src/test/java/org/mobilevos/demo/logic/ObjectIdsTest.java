package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import org.junit.Test;
import org.mobilevos.core.Mask;

public final class ObjectIdsTest {
    @Test
    public void aNewObjectGetsTheSmallestFreeId() {
        assertEquals(1, ObjectIds.next(new int[0]));
        assertEquals(2, ObjectIds.next(new int[] {3, 1}));
        assertEquals(4, ObjectIds.next(new int[] {3, 1, 2}));
    }

    @Test
    public void aFingerFindsTheNearestObject() {
        Mask mask = new Mask(20, 10);
        mask.ids[5 * 20 + 3] = 7;
        mask.ids[5 * 20 + 9] = (byte) 200;
        assertEquals(7, ObjectIds.at(mask, 3, 5, 0));
        assertEquals(7, ObjectIds.at(mask, 5, 5, 4));
        assertEquals(200, ObjectIds.at(mask, 7, 5, 4));
        assertEquals(0, ObjectIds.at(mask, 19, 0, 4));
    }

    @Test
    public void middlesAreThoseOfTheObjects() {
        Mask mask = new Mask(64, 32);
        for (int y = 8; y < 16; y++) {
            for (int x = 40; x < 60; x++) {
                mask.ids[y * 64 + x] = 2;
            }
        }
        Middles middles = new Middles();
        middles.find(mask);
        assertEquals(false, middles.has(1));
        assertEquals(true, middles.has(2));
        assertEquals(48, middles.x(2), 4);
        assertEquals(10, middles.y(2), 4);
        middles.clear();
        assertEquals(false, middles.has(2));
    }
}
