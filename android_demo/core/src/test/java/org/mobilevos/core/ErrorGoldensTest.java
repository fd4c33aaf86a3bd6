package org.mobilevos.core;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.File;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** Input that cannot be used: the core refuses it with the Python SDK's error and words; its remedy is Java's own. */
public class ErrorGoldensTest {
    private static final int SIDE = 64;

    @Test
    public void whatPythonRefusesIsRefusedInTheSameWords() throws Exception {
        JSONArray cases = new JSONArray(Goldens.text(new File(Goldens.folder(), "errors/index.json")));
        File good = new File(new JSONArray(Goldens.text(new File(Goldens.folder(), "session/index.json")))
                .getJSONObject(0).getString("artifact"));
        assertTrue("there are cases", cases.length() > 15);
        try (Engine engine = EngineProvider.installed().open(Artifact.read(good), EngineOptions.cpu(1))) {
            for (int index = 0; index < cases.length(); index++) {
                check(cases.getJSONObject(index), engine);
            }
        }
    }

    private static void check(JSONObject wanted, Engine engine) throws Exception {
        try {
            if (wanted.has("path")) {
                Artifact.read(new File(wanted.getString("path")));
            } else {
                call(wanted.getString("call"), engine);
            }
        } catch (MobileVosException error) {
            assertEquals(wanted.toString(), wanted.getString("error") + "Exception", error.getClass().getSimpleName());
            assertEquals(fault(wanted.getString("message")), fault(error.getMessage()));
            assertTrue("a remedy in " + error.getMessage(), error.getMessage().contains("; "));
            return;
        }
        fail("taken: " + wanted);
    }

    /** What is wrong, without the remedy and without what a JSON parser says in brackets. */
    private static String fault(String message) {
        return message.split(";")[0].replaceAll("\\([^;]*\\)", "()");
    }

    private static void call(String name, Engine engine) {
        if (name.equals("small-frame")) {
            Session.start(engine, new RgbImage(8, 8), mask(8, 1));
        } else if (name.equals("mask-of-another-size")) {
            start(engine, mask(32, 1));
        } else if (name.equals("empty-mask")) {
            start(engine, mask(SIDE));
        } else if (name.equals("too-many-objects")) {
            start(engine, mask(SIDE, 1, 2, 3, 4, 5));
        } else if (name.equals("frame-of-another-size")) {
            start(engine, mask(SIDE, 1)).step(new RgbImage(32, 32));
        } else if (name.equals("added-again")) {
            start(engine, mask(SIDE, 1)).addObjects(mask(SIDE, 1));
        } else if (name.equals("one-too-many-added")) {
            start(engine, mask(SIDE, 1, 2, 3, 4)).addObjects(mask(SIDE, 5));
        } else if (name.equals("correct-an-unknown-one")) {
            start(engine, mask(SIDE, 1)).correct(mask(SIDE, 2));
        } else if (name.equals("remove-an-unknown-one")) {
            start(engine, mask(SIDE, 1)).removeObjects(7);
        } else if (name.equals("step-with-none-left")) {
            Session session = start(engine, mask(SIDE, 1));
            session.removeObjects(1);
            session.step(new RgbImage(SIDE, SIDE));
        } else {
            throw new AssertionError("unknown call " + name);
        }
    }

    private static Session start(Engine engine, Mask mask) {
        return Session.start(engine, new RgbImage(SIDE, SIDE), mask);
    }

    /** Each object has 12 columns of the first 16 rows, from the left to the right. */
    private static Mask mask(int side, int... ids) {
        Mask mask = new Mask(side, side);
        for (int position = 0; position < ids.length; position++) {
            for (int row = 0; row < Math.min(16, side); row++) {
                for (int column = 12 * position; column < Math.min(12 * position + 12, side); column++) {
                    mask.ids[row * side + column] = (byte) ids[position];
                }
            }
        }
        return mask;
    }
}
