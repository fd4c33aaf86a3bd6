package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import java.util.Arrays;
import java.util.Map;
import org.json.JSONArray;
import org.junit.Test;

/** What a Session promises beside its masks: no allocation for a frame, and nothing lost when a call fails. */
public class SessionTest {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;

    @Test
    public void aFrameAllocatesNothing() throws Exception {
        final Constant engine = new Constant(spec());
        final Session session = Session.start(engine, new RgbImage(WIDTH, HEIGHT), mask());
        final RgbImage frame = new RgbImage(WIDTH, HEIGHT);
        Allocations.assertNone(new Runnable() {
            private int rounds;

            @Override
            public void run() { // a thing that comes near and goes away again, so that the view widens and narrows
                engine.side = rounds++ / 20 % 2 == 0 ? 60 : 300;
                session.step(frame);
            }
        });
        assertArrayEquals(new int[] {1}, session.lastResult().mask.objectIds());
    }

    @Test
    public void aCallThatFailsLeavesTheSessionAsItWas() throws Exception {
        Constant engine = new Constant(spec());
        Session session = Session.start(engine, new RgbImage(WIDTH, HEIGHT), mask());
        session.step(new RgbImage(WIDTH, HEIGHT));
        byte[] before = session.lastResult().mask.ids.clone();
        Mask other = new Mask(WIDTH, HEIGHT);
        other.ids[0] = 9;
        engine.fails = true;
        for (int call = 0; call < 3; call++) {
            try {
                if (call == 0) {
                    session.step(new RgbImage(WIDTH, HEIGHT));
                } else if (call == 1) {
                    session.addObjects(other);
                } else {
                    session.correct(mask());
                }
                fail("call " + call);
            } catch (EngineException expected) {
                assertArrayEquals(before, session.lastResult().mask.ids);
                assertArrayEquals(new int[] {1}, session.objectIds());
                assertEquals(1, session.lastResult().index);
            }
        }
        engine.fails = false;
        assertEquals(2, session.step(new RgbImage(WIDTH, HEIGHT)).index);
    }

    @Test
    public void aCallThatFailsLeavesTheViewAsItWas() throws Exception {
        Mask thing = new Mask(WIDTH, HEIGHT);
        thing.ids[200 * WIDTH + 300] = 1;
        Mask far = new Mask(WIDTH, HEIGHT);
        far.ids[0] = 2;
        RgbImage frame = new RgbImage(WIDTH, HEIGHT);
        Constant engine = new Constant(spec());
        Session session = Session.start(engine, frame, thing);
        Session undisturbed = Session.start(new Constant(spec()), frame, thing);
        engine.fails = true;
        try {
            session.addObjects(far);
            fail("the engine fails");
        } catch (EngineException expected) {
            engine.fails = false;
        }
        byte[] wanted = undisturbed.step(frame).mask.ids;
        assertArrayEquals(wanted, session.step(frame).mask.ids);
        session.addObjects(far);
        assertArrayEquals(new int[] {1, 2}, session.lastResult().mask.objectIds());
        assertArrayEquals("what is far is in view", new int[] {1}, session.step(frame).mask.objectIds());
        assertFalse("from elsewhere", Arrays.equals(wanted, session.lastResult().mask.ids));
    }

    @Test
    public void aFrameThatPassesRefuseChangesNothing() throws Exception {
        Mask many = mask();
        for (int id = 2; id < 8; id++) {
            many.ids[id] = (byte) id;
        }
        Passes passes = Passes.start(new Constant(spec()), new RgbImage(WIDTH, HEIGHT), many);
        double before = passes.step(new RgbImage(WIDTH, HEIGHT)).latency.total();
        try {
            passes.step(new RgbImage(WIDTH, HEIGHT + 1));
            fail("it has another size");
        } catch (InvalidInputException expected) {
            assertEquals(before, passes.lastResult().latency.total(), 0);
            assertEquals(1, passes.lastResult().index);
        }
    }

    @Test
    public void timesOfAFrameAddUp() throws Exception {
        Session session = Session.start(new Constant(spec()), new RgbImage(WIDTH, HEIGHT), mask());
        assertEquals(0, session.lastResult().latency.segment, 0);
        assertTrue(session.lastResult().latency.memorize > 0);
        Latency latency = session.step(new RgbImage(WIDTH, HEIGHT)).latency;
        assertTrue(latency.preprocess > 0 && latency.segment > 0 && latency.memorize > 0 && latency.postprocess > 0);
        assertEquals(latency.preprocess + latency.segment + latency.memorize + latency.postprocess, latency.total(), 0);
    }

    private static ArtifactSpec spec() throws Exception {
        File artifact = new File(new JSONArray(Goldens.text(new File(Goldens.folder(), "session/index.json")))
                .getJSONObject(0).getString("artifact"));
        return Artifact.read(artifact).spec;
    }

    private static Mask mask() {
        Mask mask = new Mask(WIDTH, HEIGHT);
        for (int pixel = 0; pixel < 100 * WIDTH; pixel++) {
            mask.ids[pixel] = 1;
        }
        return mask;
    }

    /** Sees a square in the middle of every frame, or fails; JNA's calls would allocate. */
    private static final class Constant implements Engine {
        private final ArtifactSpec spec;
        int side = 60;
        boolean fails;

        Constant(ArtifactSpec spec) {
            this.spec = spec;
        }

        @Override
        public ArtifactSpec spec() {
            return spec;
        }

        @Override
        public String name() {
            return "constant";
        }

        @Override
        public String fallbackReason() {
            return "";
        }

        @Override
        public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
            if (fails) {
                throw new EngineException("the engine fails; try again");
            }
            for (int index = 0; index < graph.outputs.size(); index++) {
                TensorSpec output = graph.outputs.get(index);
                if (output.role == TensorSpec.Role.PROBABILITIES) {
                    draw(outputs.get(output.name));
                }
            }
        }

        /** The square on the first channel. */
        private void draw(Tensor probabilities) {
            probabilities.fill(0);
            for (int cell = 0; cell < side * side; cell++) {
                int x = (spec.width - side) / 2 + cell % side;
                int y = (spec.height - side) / 2 + cell / side;
                probabilities.floats.put((y * spec.width + x) * probabilities.side(3), 0.75f);
            }
        }

        @Override
        public void close() {}
    }
}
