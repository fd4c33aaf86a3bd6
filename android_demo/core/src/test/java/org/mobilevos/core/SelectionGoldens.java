package org.mobilevos.core;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** What Python has written for the tests of selection: see tests/android/selection_goldens.py. */
final class SelectionGoldens {
    private static final File FOLDER = new File(Goldens.folder(), "selection");

    /** A frame with boxes, strokes and masks. */
    static final class Case {
        final String name;
        final RgbImage frame;
        final List<Box> boxes;
        final JSONArray strokes;
        final int[] guessed;
        final byte[] python;
        final byte[] truth;

        Case(JSONObject json) throws Exception {
            name = json.getString("name");
            frame = new RgbImage(json.getInt("width"), json.getInt("height"), file(name + ".rgb"));
            boxes = boxes(json.getJSONArray("boxes"));
            strokes = json.getJSONArray("strokes");
            guessed = Json.integers(json.getJSONArray("guessed"));
            python = file(name + ".mask");
            truth = file(name + ".truth");
        }

        private static byte[] file(String name) throws Exception {
            return Goldens.bytes(new File(FOLDER, name));
        }

        /** Paints the stroke of an object. */
        void paint(Selection selection, int index, boolean plus) throws JSONException {
            JSONObject stroke = strokes.getJSONObject(index);
            int[] xs = Json.integers(stroke.getJSONArray("x"));
            selection.stroke(xs, Json.integers(stroke.getJSONArray("y")), xs.length, stroke.getInt("radius"), plus);
        }
    }

    private SelectionGoldens() {}

    static JSONObject index() throws Exception {
        return new JSONObject(Goldens.text(new File(FOLDER, "index.json")));
    }

    static List<Case> cases() throws Exception {
        List<Case> cases = new ArrayList<Case>();
        JSONArray array = index().getJSONArray("cases");
        for (int index = 0; index < array.length(); index++) {
            cases.add(new Case(array.getJSONObject(index)));
        }
        return cases;
    }

    static Case named(String name) throws Exception {
        for (Case one : cases()) {
            if (one.name.equals(name)) {
                return one;
            }
        }
        throw new AssertionError("no case " + name);
    }

    static List<Box> boxes(JSONArray array) throws JSONException {
        List<Box> boxes = new ArrayList<Box>();
        for (int index = 0; index < array.length(); index++) {
            int[] values = Json.integers(array.getJSONArray(index));
            boxes.add(new Box(values[0], values[1], values[2], values[3]));
        }
        return boxes;
    }

    /** Intersection over union of one id in two masks; 1 where neither has it. */
    static double iou(byte[] one, byte[] other, int id) {
        int both = 0;
        int either = 0;
        for (int pixel = 0; pixel < one.length; pixel++) {
            boolean first = (one[pixel] & 0xff) == id;
            boolean second = (other[pixel] & 0xff) == id;
            both += first && second ? 1 : 0;
            either += first || second ? 1 : 0;
        }
        return either == 0 ? 1 : (double) both / either;
    }
}
