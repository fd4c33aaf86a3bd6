package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.util.LinkedHashMap;
import java.util.Map;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** Whole videos on the real model: the core's Session gives the masks that the Python SDK gives for the same calls. */
public class SessionGoldensTest {
    // The same runtime and weights; what differs is the rounding of a frame's pixels and of sums.
    private static final double LEAST_IOU = 0.999;
    private static final double LEAST_EQUAL = 0.9999;

    private final File folder = new File(Goldens.folder(), "session");

    @Test
    public void masksAreThePythonSdksForEveryCall() throws Exception {
        JSONArray cases = new JSONArray(Goldens.text(new File(folder, "index.json")));
        assertTrue("there are cases", cases.length() >= 3);
        for (int index = 0; index < cases.length(); index++) {
            replay(cases.getJSONObject(index));
        }
    }

    private void replay(JSONObject video) throws Exception {
        int width = video.getInt("width");
        int height = video.getInt("height");
        byte[] frames = Goldens.bytes(new File(folder, video.getString("frames")));
        JSONArray calls = video.getJSONArray("calls");
        Overlap overlap = new Overlap();
        try (Engine engine = open(new File(video.getString("artifact")))) {
            Session session = null;
            Passes passes = null;
            for (int index = 0; index < calls.length(); index++) {
                JSONObject call = calls.getJSONObject(index);
                boolean many = call.getString("call").endsWith("passes");
                if (many) {
                    passes = make(call, passes, engine, frames, width, height);
                } else {
                    session = make(call, session, engine, frames, width, height, video.getBoolean("zoom"));
                }
                assertArrayEquals(Json.integers(call.getJSONArray("object_ids")),
                        many ? passes.objectIds() : session.objectIds());
                String where = video.getString("name") + " call " + index + " (" + call.getString("call") + ")";
                overlap.add(where, Goldens.bytes(new File(folder, call.getString("result"))),
                        (many ? passes.lastResult() : session.lastResult()).mask.ids);
            }
        }
        System.out.println(video.getString("name") + ": " + overlap);
        assertTrue(video.getString("name") + ": " + overlap, overlap.least() > LEAST_IOU);
        assertTrue(video.getString("name") + ": " + overlap, overlap.worst >= LEAST_EQUAL);
    }

    private static Engine open(File artifact) {
        return EngineProvider.installed().open(Artifact.read(artifact), EngineOptions.cpu(1));
    }

    private Session make(JSONObject call, Session session, Engine engine, byte[] frames, int width, int height,
            boolean zoom) throws Exception {
        String name = call.getString("call");
        if (name.equals("start")) {
            return Session.start(engine, frame(frames, call, width, height), mask(call, width, height), zoom);
        }
        if (name.equals("step")) {
            int before = session.lastResult().index;
            assertEquals(before + 1, session.step(frame(frames, call, width, height)).index);
        } else if (name.equals("add")) {
            session.addObjects(mask(call, width, height));
        } else if (name.equals("correct")) {
            session.correct(mask(call, width, height));
        } else if (name.equals("remove")) {
            session.removeObjects(Json.integers(call.getJSONArray("ids")));
        } else {
            throw new AssertionError("unknown call " + name);
        }
        return session;
    }

    private Passes make(JSONObject call, Passes passes, Engine engine, byte[] frames, int width, int height)
            throws Exception {
        RgbImage frame = frame(frames, call, width, height);
        if (passes == null) {
            return Passes.start(engine, frame, mask(call, width, height));
        }
        passes.step(frame);
        return passes;
    }

    private static RgbImage frame(byte[] frames, JSONObject call, int width, int height) throws Exception {
        int size = width * height * RgbImage.CHANNELS;
        RgbImage image = new RgbImage(width, height);
        System.arraycopy(frames, call.getInt("frame") * size, image.pixels, 0, size);
        return image;
    }

    private Mask mask(JSONObject call, int width, int height) throws Exception {
        return new Mask(width, height, Goldens.bytes(new File(folder, call.getString("mask"))));
    }

    /** How well the masks of all calls agree, object by object. */
    private static final class Overlap {
        private final Map<Integer, long[]> counts = new LinkedHashMap<Integer, long[]>();
        private double worst = 1;
        private String worstAt = "nowhere";

        void add(String where, byte[] wanted, byte[] found) {
            long same = 0;
            for (int pixel = 0; pixel < wanted.length; pixel++) {
                count(wanted[pixel] & 0xff, found[pixel] & 0xff);
                same += wanted[pixel] == found[pixel] ? 1 : 0;
            }
            double share = (double) same / wanted.length;
            if (share < worst) {
                worst = share;
                worstAt = where;
            }
        }

        private void count(int wanted, int found) {
            if (wanted == found) {
                entry(wanted)[0]++;
                entry(wanted)[1]++;
            } else {
                entry(wanted)[1]++;
                entry(found)[1]++;
            }
        }

        private long[] entry(int id) {
            long[] entry = counts.get(id);
            if (entry == null) {
                entry = new long[2];
                counts.put(id, entry);
            }
            return entry;
        }

        /** The IoU over all calls of the object whose masks agree least. */
        double least() {
            double least = 1;
            for (long[] entry : counts.values()) {
                least = Math.min(least, (double) entry[0] / entry[1]);
            }
            return least;
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            for (Map.Entry<Integer, long[]> entry : counts.entrySet()) {
                text.append(String.format("id %d IoU %.6f, ", entry.getKey(),
                        (double) entry.getValue()[0] / entry.getValue()[1]));
            }
            return text + String.format("fewest equal pixels %.6f in %s", worst, worstAt);
        }
    }
}
