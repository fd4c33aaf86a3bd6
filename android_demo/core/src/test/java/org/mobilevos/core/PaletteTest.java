package org.mobilevos.core;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public class PaletteTest {
    @Test
    public void coloursAreThoseOfPython() throws Exception {
        byte[] expected = ImagingGoldens.bytes("palette.bin");
        assertEquals(3 * Palette.SIZE, expected.length);
        for (int id = 0; id < Palette.SIZE; id++) {
            int colour = (expected[3 * id] & 0xff) << 16 | (expected[3 * id + 1] & 0xff) << 8
                    | expected[3 * id + 2] & 0xff;
            assertEquals("id " + id, colour, Palette.rgb(id));
        }
    }
}
