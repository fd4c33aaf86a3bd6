package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import org.junit.Test;

public final class FrameSizeTest {
    @Test
    public void theSizeOfTheOfficialFiguresIsTaken() {
        assertEquals(2, FrameSize.choose(new int[] {4000, 1920, 1280, 640}, new int[] {3000, 1080, 720, 480}));
    }

    @Test
    public void elseOneThatIsNearlyAsLarge() {
        assertEquals(1, FrameSize.choose(new int[] {4000, 1280, 176}, new int[] {3000, 960, 144}));
    }

    @Test
    public void aCameraWithoutSizesHasNone() {
        assertEquals(-1, FrameSize.choose(new int[0], new int[0]));
    }

    @Test
    public void largeVideosAreDividedByWholeNumbers() {
        assertEquals(1, FrameSize.divisor(1920, 1080));
        assertEquals(2, FrameSize.divisor(3840, 2160));
        assertEquals(2, FrameSize.divisor(1080, 1921));
        assertEquals(4, FrameSize.divisor(7680, 4320));
    }
}
