package org.mobilevos.core;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.util.Arrays;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;

/** Views of many masks are those of the Python SDK, to the pixel; tests/android/view_goldens.py writes them. */
public class ViewGoldensTest {
    private final File folder = new File(Goldens.folder(), "views");

    @Test
    public void viewsAreThoseOfPython() throws Exception {
        JSONArray cases = new JSONArray(Goldens.text(new File(folder, "index.json")));
        assertTrue("there are cases", cases.length() > 5);
        for (int index = 0; index < cases.length(); index++) {
            follow(cases.getJSONObject(index));
        }
    }

    private void follow(JSONObject video) throws Exception {
        int[] frame = Json.integers(video.getJSONArray("frame"));
        int[] model = Json.integers(video.getJSONArray("model"));
        byte[] masks = Goldens.bytes(new File(folder, video.getString("masks")));
        JSONArray steps = video.getJSONArray("steps");
        View last = new View(frame[0], frame[1], model[0], model[1]);
        View view = new View(frame[0], frame[1], model[0], model[1]);
        assertTrue(last.fit.isWhole());
        for (int index = 0; index < steps.length(); index++) {
            JSONObject step = steps.getJSONObject(index);
            String where = video.getString("masks") + " step " + index;
            int pixels = frame[0] * frame[1];
            Mask mask = new Mask(frame[0], frame[1], Arrays.copyOfRange(masks, index * pixels, (index + 1) * pixels));
            int[] ids = Json.integers(step.getJSONArray("ids"));
            assertEquals(where, step.getBoolean("held"), last.holds(mask));
            if (step.getBoolean("jump")) {
                view.showAround(last, mask, ids);
            } else {
                view.showNext(last, mask, ids);
            }
            Region region = view.fit.region;
            assertArrayEquals(where, Json.integers(step.getJSONArray("region")),
                    new int[] {region.left, region.top, region.width, region.height});
            assertArrayEquals(where, Json.integers(step.getJSONArray("content")),
                    new int[] {view.fit.contentWidth, view.fit.contentHeight});
            assertEquals(where, step.getDouble("scale"), view.scale(), 0);
            View old = last;
            last = view;
            view = old;
        }
    }
}
