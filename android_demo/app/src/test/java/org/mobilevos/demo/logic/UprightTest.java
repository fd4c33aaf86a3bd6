package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;

public final class UprightTest {
    @Test
    public void aPhonesSensorIsTurnedInPortraitAndUprightInLandscape() {
        assertEquals(90, Upright.camera(90, 0));
        assertEquals(0, Upright.camera(90, 90));
        assertEquals(270, Upright.camera(90, 180));
        assertEquals(180, Upright.camera(90, 270));
    }

    @Test
    public void filesMayCountBackwardsOrRoughly() {
        assertEquals(270, Upright.file(-90));
        assertEquals(90, Upright.file(450));
        assertEquals(180, Upright.file(179));
        assertEquals(0, Upright.file(0));
    }

    @Test
    public void quartersExchangeTheSides() {
        assertTrue(Upright.exchanges(90));
        assertTrue(Upright.exchanges(270));
        assertFalse(Upright.exchanges(180));
    }
}
