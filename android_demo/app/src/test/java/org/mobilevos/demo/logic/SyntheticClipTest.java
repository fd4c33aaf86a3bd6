package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotEquals;
import static org.junit.Assert.assertTrue;

import org.junit.Test;
import org.mobilevos.core.Mask;

public final class SyntheticClipTest {
    private final SyntheticClip clip = new SyntheticClip(128, 72);

    @Test
    public void theDiscIsWhereTheMaskSays() {
        clip.draw(5);
        Mask mask = clip.mask(5);
        for (int pixel = 0; pixel < mask.ids.length; pixel++) {
            assertEquals(mask.ids[pixel] == 1, (clip.y.get(pixel) & 0xff) == 170);
        }
    }

    @Test
    public void theDiscMovesAndStaysWhole() {
        int area = area(clip.mask(0));
        assertTrue(area > 300);
        for (int index = 1; index < 60; index++) {
            assertEquals(area, area(clip.mask(index)));
        }
        assertNotEquals(clip.mask(0).ids[36 * 128 + 14], clip.mask(5).ids[36 * 128 + 14]);
    }

    private static int area(Mask mask) {
        int area = 0;
        for (byte id : mask.ids) {
            area += id;
        }
        return area;
    }
}
