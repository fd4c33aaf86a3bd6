package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.util.Arrays;
import org.junit.Test;

public class OverlayTest {
    @Test
    public void picturesAreThoseOfPython() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Fit fit = golden.fit;
            Overlay overlay = new Overlay(fit.frameWidth, fit.frameHeight);
            RgbImage frame = golden.image("frame");
            RgbImage out = new RgbImage(fit.frameWidth, fit.frameHeight);
            overlay.blend(frame, golden.mask("mask"), out);
            ImagingGoldens.assertNearlyEqual(golden.name, golden.bytes("overlay"), out.pixels, 1);
            assertArrayEquals("the frame is left as it was", golden.bytes("frame"), frame.pixels);
            overlay.blend(frame, new Mask(fit.frameWidth, fit.frameHeight), out);
            assertArrayEquals(golden.name, golden.bytes("overlay-empty"), out.pixels);
            overlay.blend(frame, golden.mask("mask"), frame);
            ImagingGoldens.assertNearlyEqual("in place", golden.bytes("overlay"), frame.pixels, 1);
        }
    }

    @Test
    public void aLayerOverAFrameLooksTheSame() throws Exception {
        for (ImagingGoldens.Case golden : ImagingGoldens.cases()) {
            Fit fit = golden.fit;
            int[] layer = new int[fit.frameWidth * fit.frameHeight];
            new Overlay(fit.frameWidth, fit.frameHeight).draw(golden.mask("mask"), layer);
            byte[] frame = golden.bytes("frame");
            byte[] expected = golden.bytes("overlay");
            for (int index = 0; index < frame.length; index++) {
                double alpha = (layer[index / 3] >>> 24) / 255.0;
                int level = layer[index / 3] >> 16 - 8 * (index % 3) & 0xff;
                double seen = alpha * level + (1 - alpha) * (frame[index] & 0xff);
                assertEquals(golden.name, expected[index] & 0xff, seen, 1);
            }
        }
    }

    @Test
    public void aLayerHasNothingOfTheMaskBefore() {
        Overlay overlay = new Overlay(64, 48);
        int[] layer = new int[64 * 48];
        Arrays.fill(layer, -1);
        Mask mask = new Mask(64, 48);
        mask.ids[20 * 64 + 63] = 1;
        mask.ids[47 * 64] = 2;
        overlay.draw(mask, layer);
        assertTrue(layer[20 * 64 + 63] != 0);
        mask.clear();
        mask.ids[0] = (byte) 255;
        overlay.draw(mask, layer);
        int[] expected = new int[64 * 48];
        new Overlay(64, 48).draw(mask, expected);
        assertArrayEquals(expected, layer);
        mask.clear();
        overlay.draw(mask, layer);
        assertArrayEquals(new int[64 * 48], layer);
    }

    @Test
    public void outlinesAreAsThickAsTheFrameIsHigh() {
        assertEquals(1, Contour.thickness(48));
        assertEquals(2, Contour.thickness(480));
        assertEquals(3, Contour.thickness(720));
        assertEquals(9, Contour.thickness(2160));
    }

    @Test
    public void otherSizesAreRefused() {
        Overlay overlay = new Overlay(32, 16);
        RgbImage frame = new RgbImage(32, 16);
        try {
            overlay.blend(frame, new Mask(16, 32), frame);
            fail("a mask of another size was taken");
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("16x32"));
        }
        try {
            overlay.draw(new Mask(32, 16), new int[1]);
            fail("a layer of another size was taken");
        } catch (InvalidInputException error) {
            assertTrue(error.getMessage(), error.getMessage().contains("512"));
        }
    }
}
