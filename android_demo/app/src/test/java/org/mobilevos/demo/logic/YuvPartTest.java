package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;

import java.nio.ByteBuffer;
import org.junit.Test;

public final class YuvPartTest {
    private static final int ROW = 24;
    private final ByteBuffer y = numbers(ROW * 16);
    private final ByteBuffer u = numbers(ROW * 8);
    private final ByteBuffer v = numbers(ROW * 8);

    @Test
    public void aWholeImageIsPassedOnWithoutACopy() {
        YuvPart part = new YuvPart(16, 8, 1);
        part.take(4, 2, y, ROW, 1, u, v, ROW, 2);
        assertSame(y, part.y());
        assertEquals(2 * ROW + 4, part.y().position());
        assertEquals(ROW + 4, part.u().position());
        assertEquals(ROW, part.yRowStride());
        assertEquals(2, part.uvPixelStride());
    }

    @Test
    public void ofALargeImageEveryNthPixelIsTaken() {
        YuvPart part = new YuvPart(18, 14, 3);
        part.take(2, 2, y, ROW, 1, u, v, ROW, 2);
        assertEquals(6, part.width);
        assertEquals(4, part.height);
        assertEquals(6, part.yRowStride());
        assertEquals(1, part.uvPixelStride());
        assertEquals((byte) ((2 + 3 * 2) * ROW + 2 + 3 * 5), part.y().get(2 * 6 + 5));
        assertEquals((byte) ((1 + 3) * ROW + 2 + 6 * 2), part.v().get(3 + 2));
        assertEquals(0, part.y().position());
    }

    @Test
    public void strangeStridesAreMadePlain() {
        YuvPart part = new YuvPart(4, 4, 1);
        part.take(0, 0, y, ROW, 2, u, v, ROW, 4);
        assertEquals((byte) (ROW + 2 * 3), part.y().get(4 + 3));
        assertEquals((byte) (ROW + 4), part.u().get(2 + 1));
    }

    private static ByteBuffer numbers(int count) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(count);
        for (int index = 0; index < count; index++) {
            buffer.put(index, (byte) index);
        }
        return buffer;
    }
}
