package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;

import org.junit.Test;
import org.mobilevos.core.Latency;

public final class FiguresTest {
    private static final String[] NAMES = {"camera", "to RGB", "pre", "segment", "memorize", "post", "draw"};

    private final Stages stages = new Stages(10);

    public FiguresTest() {
        Latency latency = new Latency();
        latency.preprocess = 1;
        latency.segment = 20;
        latency.memorize = 10;
        latency.postprocess = 2;
        stages.add(4, latency, 3, 1);
    }

    @Test
    public void aStageThatWasNotMeasuredIsLeftOut() {
        assertEquals("to RGB 4.0, pre 1.0, segment 20.0, memorize 10.0, post 2.0, draw 3.0",
                Figures.medians(stages.summary(), NAMES));
    }

    @Test
    public void theLastRowSaysWhatTheTotalAllows() {
        String[] rows = Figures.table(stages.summary(), NAMES, "total", "FPS").split("\n");
        assertEquals("ms            p50     p95", rows[0]);
        assertEquals("total        40.0    40.0", rows[7]);
        assertEquals("FPS          25.0    25.0", rows[8]);
    }

    @Test
    public void idsAreInOneLine() {
        assertEquals("1, 7, 255", Figures.ids(new int[] {1, 7, 255}));
        assertEquals("", Figures.ids(new int[0]));
    }
}
