package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;

public class FitTest {
    @Test
    public void framesLieWherePythonPutsThem() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Fit fit = golden.fit;
            assertEquals(golden.name, golden.rotated(), fit.rotated);
            assertArrayEquals(golden.name, golden.pair("content"), new int[] {fit.contentWidth, fit.contentHeight});
            assertArrayEquals(golden.name, golden.pair("offset"), new int[] {fit.left, fit.top});
        }
    }

    @Test
    public void nearlySquareFramesStayUpright() {
        assertFalse(Fit.between(400, 420, 864, 480).rotated);
        assertTrue(Fit.between(360, 640, 864, 480).rotated);
        assertTrue(Fit.between(640, 360, 480, 864).rotated);
    }

    @Test
    public void halvesAreRoundedToEvenNumbers() {
        assertEquals(2, Fit.between(1000, 50, 50, 50).contentHeight);
        assertEquals(4, Fit.between(1000, 70, 50, 50).contentHeight);
    }

    @Test
    public void aLineKeepsOnePixel() {
        assertEquals(1, Fit.between(4000, 1, 100, 100).contentHeight);
    }
}
