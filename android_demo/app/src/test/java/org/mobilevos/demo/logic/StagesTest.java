package org.mobilevos.demo.logic;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import org.junit.Test;
import org.mobilevos.core.Latency;

public final class StagesTest {
    private final Stages stages = new Stages(10);

    @Test
    public void theTotalIsTheSumWithoutTheCamera() {
        Latency latency = new Latency();
        latency.preprocess = 1;
        latency.segment = 20;
        latency.memorize = 10;
        latency.postprocess = 2;
        for (int frame = 1; frame <= 3; frame++) {
            stages.addCamera(33);
            stages.add(4, latency, 3, frame * 50L * 1000 * 1000);
        }
        Stages.Summary summary = stages.summary();
        assertEquals(3, summary.frames);
        assertEquals(40, summary.totalP50, 1e-9);
        assertEquals(20, summary.framesPerSecond, 1e-9);
        assertEquals(20, summary.p50(Stages.Stage.SEGMENT), 1e-9);
        assertEquals(33, summary.p95(Stages.Stage.CAMERA), 1e-9);
    }

    @Test
    public void whatWasNotMeasuredIsNoZero() {
        stages.add(4, new Latency(), 3, 1);
        assertFalse(stages.summary().measured(Stages.Stage.CAMERA));
        assertTrue(stages.summary().measured(Stages.Stage.CONVERT));
        stages.clear();
        assertEquals(0, stages.summary().frames);
        assertFalse(stages.summary().measured(Stages.Stage.CONVERT));
    }
}
