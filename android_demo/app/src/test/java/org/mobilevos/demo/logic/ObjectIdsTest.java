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
}
