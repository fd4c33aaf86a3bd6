package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public final class ViewMapTest {
    @Test
    public void aWideFrameHasBarsAboveAndBelow() {
        ViewMap map = new ViewMap(1080, 1920, 1280, 720);
        assertEquals(1080, map.width(), 0.01);
        assertEquals(607.5, map.height(), 0.01);
        assertEquals(0, map.left, 0);
        assertEquals((1920 - 607.5) / 2, map.top, 0.01);
    }

    @Test
    public void aHighFrameHasBarsAtItsSides() {
        ViewMap map = new ViewMap(1920, 1080, 720, 1280);
        assertEquals(1080, map.height(), 0.01);
        assertEquals((1920 - 607.5) / 2, map.left, 0.01);
    }

    @Test
    public void everyPixelGoesThereAndBack() {
        ViewMap map = new ViewMap(733, 1001, 64, 36);
        for (int x = 0; x < 64; x++) {
            assertEquals(x, map.frameX(map.viewX(x + 0.5f)));
        }
        for (int y = 0; y < 36; y++) {
            assertEquals(y, map.frameY(map.viewY(y + 0.5f)));
        }
    }

    @Test
    public void whatIsBesideTheFrameGoesToItsEdge() {
        ViewMap map = new ViewMap(100, 300, 50, 50);
        assertEquals(0, map.frameX(-20));
        assertEquals(49, map.frameX(500));
        assertEquals(0, map.frameY(10));
        assertEquals(49, map.frameY(299));
    }
}
