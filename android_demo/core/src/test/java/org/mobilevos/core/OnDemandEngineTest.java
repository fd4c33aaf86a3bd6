package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.fail;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import org.json.JSONArray;
import org.junit.Test;

/** Which graphs are open when; nothing is run. */
public class OnDemandEngineTest {
    private static final Map<String, Tensor> NOTHING = Collections.emptyMap();

    @Test
    public void graphsThatAreInUseStayOpen() throws Exception {
        Counting engine = new Counting();
        assertEquals("at the start", 1, engine.opened);
        engine.run(1);
        assertEquals("they are open", 1, engine.opened);
        engine.run(2);
        assertEquals("those of two objects too", 2, engine.opened);
        engine.run(1);
        engine.run(2);
        assertEquals("both are", 2, engine.opened);
        engine.close();
        engine.close();
        assertEquals("each is closed once", 2, engine.closed);
    }

    @Test
    public void aClosedEngineRunsNothing() throws Exception {
        Counting engine = new Counting();
        engine.close();
        try {
            engine.run(1);
            fail("it is closed");
        } catch (EngineException expected) {
            assertEquals("this engine has been closed; open the artifact again", expected.getMessage());
        }
    }

    private static Artifact artifact() throws Exception {
        return Artifact.read(new File(new JSONArray(Goldens.text(new File(Goldens.folder(), "session/index.json")))
                .getJSONObject(0).getString("artifact")));
    }

    private static final class Counting extends OnDemandEngine {
        int opened;
        int closed;

        Counting() throws Exception {
            super(artifact());
            prepare();
        }

        void run(int objects) {
            run(spec().graph(GraphSpec.Role.SEGMENT, objects), NOTHING, NOTHING);
        }

        @Override
        protected Runner open(ByteBuffer model, boolean once) {
            opened++;
            return new Runner() {
                @Override
                public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {}

                @Override
                public void close() {
                    closed++;
                }
            };
        }

        @Override
        public String name() {
            return "counting";
        }

        @Override
        public String fallbackReason() {
            return "";
        }
    }
}
